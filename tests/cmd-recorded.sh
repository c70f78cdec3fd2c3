# SPDX-License-Identifier: GPL-2.0-or-later
# Recordings that dmactl made itself, one for each kernel and mode: whole, complete, and
# consistent. Each unmap, free and flush has its beginning in them, since they begin
# before the drivers were there.
. "$srcdir/tests/command.sh"

count=0
for file in "$traces"/*.dmat; do
	name=$(basename "$file" .dmat)
	count=$((count + 1))
	expect 0 "$dmactl" info --json "$file"
	printed '"closed": 1'
	printed '"lost": 0'
	printed '"recorder": "dmactl'
	case $name in
	*-direct) mode=off force=false ;;
	*-swiotlb) mode=off force=true ;;
	*) mode=${name##*-} force=false ;;
	esac
	printed "\"mode\": \"$mode\""
	printed "\"force\": $force"
	printed "\"kernel\": \"${name%%-*}"
	expect 0 "$dmactl" stat --json "$file"
	for kind in pool_create pool_alloc set_mask device alloc map_sg; do
		printed "\"$kind\": [1-9]"
	done
	expect 0 "$dmactl" replay --json "$file"
	printed '"strangers": 0'
	if grep -q '"strangers": [1-9]' "$scratch/out"; then fail "$name: something ends nothing"; fi
	expect 0 "$dmactl" map "$file"

	# There and back again through text.
	expect 0 "$dmactl" convert "$file" "$scratch/$name.txt"
	expect 0 "$dmactl" convert -f "$scratch/$name.txt" "$scratch/again.dmat"
	expect 0 "$dmactl" convert "$scratch/again.dmat" "$scratch/again-$name.txt"
	grep -v '^#' "$scratch/$name.txt" >"$scratch/one"
	grep -v '^#' "$scratch/again-$name.txt" >"$scratch/other"
	same "$scratch/one" "$scratch/other"
done
test $count -ge 12 || fail "only $count recordings"

# The model finds for each bounce the slots that the kernel found.
for kernel in 6.1 6.12 7.2; do
	expect 0 "$dmactl" replay --verify "$traces/$kernel-swiotlb.dmat"
	printed "100.00 % predicted"
done
exit "$status"
