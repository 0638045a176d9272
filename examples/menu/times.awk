# Writes the good rows of a CSV as many times over as "times" says, each copy with ids of its own:
#   awk -v times=20 -f times.awk input.csv

BEGIN { FS = OFS = "," }
NR == 1 { print; next }
$1 ~ /^[0-9]+$/ && $1 < 100000 { n++; id[n] = $1; row[n] = substr($0, length($1) + 1) }
END {
  for (copy = 0; copy < times; copy++)
    for (i = 1; i <= n; i++)
      print id[i] + copy * 100000 row[i]
}
