# SPDX-License-Identifier: GPL-2.0-or-later
# What a manual shows behind "$ dmactl" is what that command prints, run in order in a
# folder that has the recordings of corpus/traces.
. "$srcdir/tests/command.sh"

ln -s "$srcdir"/corpus/traces/* "$scratch"
cd "$scratch"

# Write the commands of a page to 1.run, 2.run ... and what each shows to N.says.
split() {
	awk '
		/^\.EX/ { inside = 1; file = ""; next }
		/^\.EE/ { inside = 0 }
		!inside { next }
		{ sub(/^\\&/, ""); gsub(/\\-/, "-"); gsub(/\\\(aq/, "\047"); gsub(/\\e/, "\\") }
		/^\$ / { file = ++count; print substr($0, 3) >file ".run"; printf "" >file ".says"; next }
		file { print >file ".says" }
		END { print count + 0 }' "$1"
}

for page in check completion convert dump help info leaks merge repair split stat timeline top tracing verify; do
	rm -f ./*.run ./*.says
	manual=$srcdir/man/dmactl-$page.1
	test "$page" != tracing || manual=$srcdir/man/dma-tracing.7
	count=$(split "$manual")
	for number in $(seq "$count"); do
		case $(cat "$number.run") in
		dmactl*|echo*) ;;
		*) continue ;;
		esac
		if grep -q '| jq' "$number.run" && ! command -v jq >/dev/null; then continue; fi
		# A user sees both streams; an example may be of a mistake
		PATH="$builddir/src:$PATH" LC_ALL=C.UTF-8 sh "./$number.run" 2>&1 \
			</dev/null | tr -d '\r' >"$number.prints"
		cmp -s "$number.says" "$number.prints" ||
			{ fail "dmactl-$page(1): $(cat "$number.run")"; diff "$number.says" "$number.prints" | head -n 5 || :; }
	done
	case $page in
	completion|help) ;;
	*) test "$count" -gt 0 || fail "dmactl-$page(1) has no example" ;;
	esac
done

exit "$status"
