#!/bin/sh
printf 'What is your name? '
read -r name || exit 1
printf 'How many greetings, %s? ' "$name"
read -r count || exit 1
case $count in '' | *[!0-9]*) echo "\"$count\" is not a number" >&2; exit 2 ;; esac
while [ "$count" -gt 0 ]; do
  echo "Hello, $name!"
  count=$((count - 1))
done
