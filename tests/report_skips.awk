# Why tests were skipped, from ctest's log: each reason once, with how many and which.
function note(reason) {
  if (name == "") return
  if (!(reason in count)) order[++reasons] = reason
  if (++count[reason] <= 5) names[reason] = names[reason] "\n      " name
  name = ""
}
/^[0-9]+\/[0-9]+ Testing: / { program = name = $3; reading = 0 }
/^\[ RUN      \] / { if (index(program, $4) == 0) name = program " " $4; reading = 0 }  # several cases in one program
reading && NF { note($0); reading = 0 }  # GoogleTest: the reason stands below "file:line: Skipped"
/: Skipped$/ { reading = 1 }
/^skipped: / { note(substr($0, 10)) }  # scripts
/^\[       OK \] / { name = "" }
/^Test Skipped|^\[  SKIPPED \]/ { note("no reason given") }
END {
  for (i = 1; i <= reasons; ++i) {
    more = count[order[i]] > 5 ? "\n      and " count[order[i]] - 5 " more" : ""
    print "  skipped, " count[order[i]] (count[order[i]] > 1 ? " tests: " : " test: ") order[i] names[order[i]] more
  }
}
