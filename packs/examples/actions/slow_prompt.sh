#!/bin/sh
for question in 'Format the disk?' 'Really?' 'Are you sure?'; do
  printf '%s [y/n] ' "$question"
  sleep "$1"
  echo n
done
printf 'Nothing was done. (No line break after this.)'
