# SPDX-License-Identifier: GPL-2.0-or-later
# Every script is clean under shellcheck. Tests run under -e, and are given $srcdir,
# $builddir and $CC.
command -v shellcheck >/dev/null || { echo "shellcheck is not installed"; exit 77; }
cd "$srcdir"

scripts=$(ls quickstart .ci/run tests/*.sh 2>/dev/null || :
	find bench fuzz tests/guest -type f -exec grep -l '^#!.*sh$' {} +)
for script in $scripts; do
	case $(head -n 1 "$script") in
	'#!'*bash) shell=bash ;;
	*) shell='sh' ;;
	esac
	shellcheck --severity=warning --shell=$shell --exclude=SC2154,SC2164 "$script" || status=1
done
exit ${status:-0}
