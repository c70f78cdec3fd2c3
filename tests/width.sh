# SPDX-License-Identifier: GPL-2.0-or-later
# What people read keeps to a terminal of 80 columns, and has no escape sequences where
# colours are off; a pipe gets each of replay's lines in one piece.
. "$srcdir/tests/command.sh"
command -v script >/dev/null || { echo "needs script"; exit 77; }
command -v zstd >/dev/null || { echo "needs zstd"; exit 77; }
small=small.zst
ln -s "$traces/6.12-swiotlbsmall-nvme-ahci.ftrace.zst" "$scratch/$small"
ln -s "$traces/6.12-strict.dmat" "$scratch/strict.dmat"
ln -s "$traces/6.12-direct-virtio-scsi.ftrace.zst" "$scratch/scsi.zst"
cp "$data/kernel-logs.txt" "$scratch/log"
cd "$scratch"

cat >commands <<'END'
info small.zst
stat small.zst
stat --by site strict.dmat
check scsi.zst
leaks scsi.zst
leaks strict.dmat
replay small.zst
replay strict.dmat
replay --iommu=strict small.zst
whatif swiotlb small.zst
diff small.zst strict.dmat
timeline small.zst
map small.zst
map strict.dmat
frag strict.dmat
explain log
doctor
verify small.zst strict.dmat
top -b -n 1 small.zst
END
while read -r line; do
	case $line in
	timeline*|map*|frag*) both='80 200' ;;
	*) both=80 ;;
	esac
	for columns in $both; do
		script -qec "stty cols $columns rows 50; LC_ALL=C NO_COLOR=1 \
'$dmactl' $line --no-pager --progress=never" /dev/null </dev/null >typed 2>&1 || :
		tr -d '\r' <typed >plain
		test -s plain || fail "$line: printed nothing"
		if grep -q "$(printf '\033')" plain; then fail "$line: escape sequences"; fi
		wide=$(awk -v most="$columns" 'length > most' plain | head -n 1)
		test -z "$wide" || fail "$line: wider than $columns columns: $wide"
	done
done <commands

expect 0 "$dmactl" replay "$small"
printed '^  #4 0000:00:02.0 map_page cpu 0: expected .* where the swiotlb lies$'

exit "$status"
