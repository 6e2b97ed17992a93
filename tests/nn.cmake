fcn_test(nn network)
fcn_test(nn plain_run)
fcn_test(nn range_analysis)
fcn_test(nn fold)
