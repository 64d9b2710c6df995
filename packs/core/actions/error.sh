#!/bin/sh
# printf and not echo: a message may begin with -n or hold a backslash.
printf '%s\n' "$1" >&2
