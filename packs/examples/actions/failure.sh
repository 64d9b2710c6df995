#!/bin/sh
echo "trying"
printf '%s\n' "$2" >&2
exit "$1"
