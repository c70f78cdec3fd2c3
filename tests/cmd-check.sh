# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl check: each rule has a trace that breaks it, once, and a twin that does not;
# and recordings of drivers that keep the rules give no finding.
. "$srcdir/tests/command.sh"
seeds="$data/check"

# RULE=COUNT of each finding, and of each verdict in doubt behind a bar
verdicts() {
	tr -d ' ",' <"$scratch/out" | awk -F: '
		$1 == "findings" { where = "" }
		$1 == "in_doubt" { where = "|" }
		$1 == "rule" { rule = $2 }
		$1 == "count" && rule { printf "%s%s=%s ", where, rule, $2; rule = "" }'
}

expect 0 "$dmactl" check --rules --json
quiet
json "$scratch/out"
tr -d ' ",' <"$scratch/out" | sed -n 's/^id://p' >"$scratch/rules"
test -s "$scratch/rules" || fail "there are no rules"
while read -r rule; do
	case $rule in
	DMA025) continue ;;	# of --dma-debug alone, below
	esac
	test -f "$seeds/$rule.txt" || { fail "$rule has no trace"; continue; }
	expect 1 "$dmactl" check --json "$seeds/$rule.txt"
	quiet
	test "$(verdicts)" = "$rule=1 " || fail "$rule.txt: $(verdicts)"
	json "$scratch/out"
	expect 0 "$dmactl" check --json "$seeds/$rule-clean.txt"
	quiet
	test -z "$(verdicts)" || fail "$rule-clean.txt: $(verdicts)"

	# what the kernel says too, and in which words
	expect 1 "$dmactl" check --width 200 "$seeds/$rule.txt"
	quiet
	printed "^[a-z]* $rule [a-z-]*: [a-z0-9]*.*, 1 time$"
done <"$scratch/rules"

# What is mapped is as wrong where it was refused, as with swiotlb=force since 7.0.
for rule in DMA010 DMA013 DMA017; do
	sed '/ unmap_/d; / map_/s/ dma=[^ ]*/ dma=error/' "$seeds/$rule.txt" >"$scratch/refused"
	expect 1 "$dmactl" check --json "$scratch/refused"
	test "$(verdicts)" = "$rule=1 " || fail "$rule, refused: $(verdicts)"
done

# In the manual each rule is told, too.
while read -r rule; do
	grep -q "^\.B $rule" "$srcdir/man/dmactl-check.1" || fail "dmactl-check(1) lacks $rule"
done <"$scratch/rules"

# Recordings of drivers that do nothing wrong, the unmaps that NVMe skips included.
if command -v zstd >/dev/null; then
	for file in "$traces"/*.ftrace.zst; do
		expect 0 "$dmactl" check --json "$file"
		quiet
		case $file:$(verdicts) in
		*7.2-direct-nvme*:"|DMA108=6 ") ;;
		*:) ;;
		*) fail "$file: $(verdicts)" ;;
		esac
	done
fi

# What could be explained is no finding: a late start, lost events, a skipped unmap.
sed /set_mask/d "$seeds/DMA002.txt" >"$scratch/late.txt"
expect 0 "$dmactl" check --json "$scratch/late.txt"
test "$(verdicts)" = "|DMA002=1 " || fail "late: $(verdicts)"
expect 0 "$dmactl" check "$scratch/late.txt"
printed '1 more verdict that something else explains; --all shows it'
expect 0 "$dmactl" check --all "$scratch/late.txt"
printed 'in doubt: it may have begun before the recording did'
expect 1 "$dmactl" check --from-start "$scratch/late.txt"
for rule in DMA002 DMA003 DMA101 DMA105; do
	awk '{ print } /map_page/ && !told++ { print "lost count=3" }' "$seeds/$rule.txt" \
		>"$scratch/lost.txt"
	expect 0 "$dmactl" check --json "$scratch/lost.txt"
	test "$(verdicts)" = "|$rule=1 " || fail "lost: $(verdicts)"
	sed 's/^lost count=3$/& name=tp_swiotlb_bounced/' "$scratch/lost.txt" >"$scratch/bounces.txt"
	expect 1 "$dmactl" check --json "$scratch/bounces.txt"
done

# Of one rule, device and site together; of another site apart.
head -n 2 "$seeds/DMA003.txt" >"$scratch/many.txt"
for site in clean clean clean other; do
	sed -e 1,2d -e "s/e1000_clean_tx_irq/e1000_$site/" "$seeds/DMA003.txt" \
		>>"$scratch/many.txt"
done
expect 1 "$dmactl" check --json "$scratch/many.txt"
test "$(verdicts)" = "DMA003=3 DMA003=1 " || fail "sites: $(verdicts)"

# Suppressions, by rule, device and site.
expect_suppressed() {	# LINE VERDICTS STATUS
	echo "$1" >"$scratch/suppressions"
	expect "$3" "$dmactl" check --json --suppressions "$scratch/suppressions" \
		"$scratch/many.txt"
	test "$(verdicts)" = "$2" || fail "'$1': $(verdicts)"
}
expect_suppressed 'DMA003 # known' '' 0
expect_suppressed 'unmap-other-size nic*' '' 0
expect_suppressed '* * e1000_other' 'DMA003=3 ' 1
expect_suppressed 'DMA003 disk0' 'DMA003=3 DMA003=1 ' 1
expect_suppressed '#DMA003' 'DMA003=3 DMA003=1 ' 1
echo 'DMA999 nic0' >"$scratch/suppressions"
expect 2 "$dmactl" check --suppressions "$scratch/suppressions" "$scratch/many.txt"
said 'suppressions:1: a line is RULE'
expect 5 "$dmactl" check --suppressions "$scratch/nothing" "$scratch/many.txt"
said 'nothing: No such file'

# What it exits with.
expect 0 "$dmactl" check --fail-on never "$seeds/DMA003.txt"
expect 1 "$dmactl" check --fail-on error "$seeds/DMA003.txt"
expect 0 "$dmactl" check --fail-on error "$seeds/DMA008.txt"
expect 1 "$dmactl" check --fail-on note "$seeds/DMA008.txt"
expect 2 "$dmactl" check --fail-on often "$seeds/DMA003.txt"
said "not 'often'"
expect 2 "$dmactl" check --sarif --json "$seeds/DMA003.txt"
said 'one form of output at a time'

# As the kernel has it: what it cannot see is not told, an overlap of lines is.
expect 0 "$dmactl" check --dma-debug "$seeds/DMA106.txt"
expect 1 "$dmactl" check --dma-debug --json "$seeds/DMA101.txt"
test "$(verdicts)" = "DMA002=1 " || fail "dma-debug: $(verdicts)"
{
	echo '#dmat-text 1'
	for number in 1 2 3 4 5 6 7 8 9 10; do
		echo "map_page nic$number FROM_DEVICE phys=0x5000 dma=0xfff0$number""000 size=64"
	done
} >"$scratch/lines.txt"
expect 1 "$dmactl" check --dma-debug --json "$scratch/lines.txt"
case $(verdicts) in
*DMA025=1*) ;;
*) fail "too many overlaps: $(verdicts)" ;;
esac

expect 1 "$dmactl" check --sarif "$seeds/DMA003.txt"
json "$scratch/out"
printed '"version": "2.1.0"'
printed '"ruleId": "DMA003"'
printed '"level": "error"'

# What the standard's schema asks of the parts that are written; a path is a reference.
mkdir "$scratch/a folder"
cp "$seeds/DMA003.txt" "$scratch/a folder/50%: one.txt"
expect 1 "$dmactl" check --sarif "$scratch/a folder/50%: one.txt"
printed '/a%20folder/50%25%3A%20one.txt"'
if command -v python3 >/dev/null; then
	python3 - "$scratch/out" <<'END' || fail "--sarif: not as the standard has it"
import json, sys
log = json.load(open(sys.argv[1]))

def only(thing, must, may=""):
    assert set(must.split()) <= set(thing) <= set((must + " " + may).split()), list(thing)
    assert None not in thing.values()

only(log, "version runs", "$schema")
assert log["version"] == "2.1.0" and len(log["runs"]) == 1
run = log["runs"][0]
only(run, "tool results", "properties")
driver = run["tool"]["driver"]
only(driver, "name", "version rules")
levels = {"none", "note", "warning", "error"}
for rule in driver["rules"]:
    only(rule, "id", "name shortDescription help defaultConfiguration")
    only(rule["shortDescription"], "text")
    assert rule["defaultConfiguration"]["level"] in levels
ids = [rule["id"] for rule in driver["rules"]]
assert len(set(ids)) == len(ids)
assert run["results"]
for result in run["results"]:
    only(result, "message ruleId level", "occurrenceCount locations properties")
    assert result["ruleId"] in ids and result["level"] in levels
    assert result["occurrenceCount"] >= 1 and isinstance(result["message"]["text"], str)
    for place in result["locations"]:
        only(place, "physicalLocation", "logicalLocations")
        only(place["physicalLocation"], "artifactLocation")
        only(place["physicalLocation"]["artifactLocation"], "uri")
        for logical in place["logicalLocations"]:
            only(logical, "name kind", "fullyQualifiedName")
END
fi

# What a trace says of a task does not move the cursor.
printf '#dmat-text 1\n[000] "\\x1b[2J"/1 map_page nic0 TO_DEVICE phys=0x1 dma=0x1 size=9\n%s\n' \
	'[000] "\x1b[2J"/1 unmap_page nic0 TO_DEVICE dma=0x1 size=8' >"$scratch/bad.txt"
expect 1 "$dmactl" check "$scratch/bad.txt"
printed 'by ?\[2J/1'

# Verdicts on some calls alone; all are followed.
cat >"$scratch/some.txt" <<'END'
#dmat-text 1
1.0 map_page nic0 TO_DEVICE phys=0x5000 dma=0x5000 size=512
1.0 map_page nic1 TO_DEVICE phys=0x6000 dma=0x6000 size=512
2.0 unmap_page nic0 TO_DEVICE dma=0x5000 size=256
3.0 unmap_page nic1 TO_DEVICE dma=0x6000 size=128
END
of_calls() {
	"$dmactl" check --json "$@" "$scratch/some.txt" | sed -n 's/.*"is": "\(.*\)",*$/\1/p' |
		sort | tr '\n' ' '
}
test "$(of_calls)" = "0x100 0x80 " || fail "both: $(of_calls)"
test "$(of_calls --begin 2.5)" = "0x80 " || fail "--begin: $(of_calls --begin 2.5)"
test "$(of_calls --end 2.5)" = "0x100 " || fail "--end: $(of_calls --end 2.5)"
test "$(of_calls --filter 'dev == "nic1"')" = "0x80 " || fail "--filter"
exit $status
