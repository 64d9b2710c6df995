#!/bin/sh
count=${1:-100}
delay=${2:-0.5}
number=1
while [ "$number" -le "$count" ]; do
  if [ $((number % 2)) -eq 1 ]; then
    echo "stderr -> Line: $number" >&2
  else
    echo "stdout -> Line: $number"
  fi
  number=$((number + 1))
  sleep "$delay"
done
