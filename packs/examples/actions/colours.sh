#!/bin/sh
esc=$(printf '\033')
for code in 30 31 32 33 34 35 36 37 90 91 92 93 94 95 96 97; do
  printf '%s[%sm foreground %s %s[0m\n' "$esc" "$code" "$code" "$esc"
done
for code in 40 41 42 43 44 45 46 47; do
  printf '%s[%sm background %s %s[0m\n' "$esc" "$code" "$code" "$esc"
done
printf '%s[1mbold%s[0m %s[2mdim%s[0m %s[3mitalic%s[0m %s[4munderlined%s[0m %s[7minverse%s[0m\n' \
  "$esc" "$esc" "$esc" "$esc" "$esc" "$esc" "$esc" "$esc" "$esc" "$esc"
printf '%s[38;5;208mone of 256 colours%s[0m %s[38;2;120;80;220mone of 16 million%s[0m\n' "$esc" "$esc" "$esc" "$esc"
printf '%s[31mthis on the error output%s[0m\n' "$esc" "$esc" >&2
