#!/bin/sh
awk -v lines="$1" -v width="$2" 'BEGIN {
  while (length(rest) < width) rest = rest "the quick brown fox jumps over the lazy dog. "
  for (number = 1; number <= lines; number++) print substr(sprintf("%07d ", number) rest, 1, width)
}'
