# SPDX-License-Identifier: GPL-2.0-or-later
# Every rule of the kernel that a comment or a manual cites stands in lib/RULES.md.
defined() { grep -o '\*\*[A-Z][0-9][0-9]*[a-z]*' "$srcdir/lib/RULES.md" | tr -d '*'; }

# Single rules, and both ends of P1-P36. A rule's number stands alone: no 0xA7, no T0.
cited() {
	find "$srcdir/lib" "$srcdir/include" "$srcdir/src" -name '*.[ch]' -exec grep -hE \
		'^[[:space:]]*(\*|/\*)|/\*' {} + |
		grep -oE '(^|[ (,/"-])[PCADSIGYET][1-9][0-9]?b?($|[] ),.;:/*-])' |
		grep -oE '[PCADSIGYET][1-9][0-9]?b?' | sort -u
}

known=" $(defined | tr '\n' ' ')"
count=0
for rule in $(cited); do
	count=$((count + 1))
	case $known in
	*" $rule "*) ;;
	*) echo "lib/RULES.md lacks $rule, cited in:"
	   grep -rlE "\b$rule\b" "$srcdir/lib" "$srcdir/include" "$srcdir/src" --include='*.[ch]'
	   status=1 ;;
	esac
done
test $count -gt 0 || { echo "no rule is cited anywhere"; status=1; }
exit ${status:-0}
