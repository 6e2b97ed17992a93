fcn_test(nn network)
fcn_test(nn plain_run)
