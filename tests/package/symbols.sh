#!/bin/sh
# Which names leave an archive: all begin with fcn, but for weak copies of C++'s own templates, which the linker merges
# with those of the program. usage: symbols.sh NM ARCHIVE
set -eu
names=$("$1" --extern-only --defined-only "$2" | awk 'NF == 3 { print $2, $3 }')
[ -n "$names" ] || { echo "$2 defines nothing"; exit 1; }
foreign=$(echo "$names" | awk '
  { name = $2; sub(/^_Z(T[VTIS]|GV|GR|Z+)?(N[VK]*[RO]?)?/, "", name) }
  $2 ~ /^fcn_/ || name ~ /^(3fcn|[0-9]+fcn_)/ { next }  # fcn_..., fcn::..., members of fcn_...
  $1 ~ /^[WV]$/ && (name ~ /^(St|S[abdios]|9__gnu_cxx|nwmPv$|dlPvS_$)/ || $2 ~ /^DW\.ref\./) { next }  # std::..., __gnu_cxx::..., placement new
  { print }')
[ -z "$foreign" ] || { echo "$2 defines names that do not begin with fcn:"; echo "$foreign"; exit 1; }
