# SPDX-License-Identifier: GPL-2.0-or-later
# A report in headless Chromium: clicked through, at the width of a screen and of a phone,
# in the light, in the dark, in print and without script; and one of a hostile recording.
command -v chromium >/dev/null || { echo "needs chromium"; exit 77; }
command -v python3 >/dev/null || { echo "needs python3"; exit 77; }
command -v zstd >/dev/null || { echo "needs zstd"; exit 77; }
. "$srcdir/tests/command.sh"

browse() {
	got=0
	python3 "$srcdir/tests/report-in-browser.py" "$@" >"$scratch/out" 2>&1 || got=$?
	test "$got" != 77 || { tail -n 1 "$scratch/out"; exit 77; }
	test "$got" = 0 || { fail "$1"; cat "$scratch/out"; }
}

expect 0 "$dmactl" report -o "$scratch/usual.html" \
	"$traces/6.12-swiotlbsmall-nvme-ahci.ftrace.zst"
browse "$scratch/usual.html"

cat >"$scratch/hostile.txt" <<'END'
#dmat-text 1
1.000000000 device "<script>hacked=1</script>" name="</style><script>hacked=2</script>" mask=0xffffffff
1.000000000 [000] "<img src=x onerror=hacked=3>"/7 map_page "<script>hacked=1</script>" TO_DEVICE phys=0x1000 dma=0x1000 size=4096 stack="</li></ol><script>hacked=4</script>;\" onclick=\"hacked=5"
1.000001000 [000] "<img src=x onerror=hacked=3>"/7 unmap_page "<script>hacked=1</script>" TO_DEVICE dma=0x1000 size=51 stack="<svg onload=hacked=6>"
1.000002000 pool_create "\" onmouseover=\"hacked=7" name="--><script>hacked=8</script>" handle=3 size=64 align=64
1.000002000 pool_alloc "\" onmouseover=\"hacked=7" name="--><script>hacked=8</script>" handle=3 dma=0x2000
1.500003000 map_page "&lt;img src=x onerror=hacked=9&gt;" TO_DEVICE phys=0x1000 dma=error size=4096 error=ENOMEM
END
expect 0 "$dmactl" report -o "$scratch/hostile.html" "$scratch/hostile.txt"
browse "$scratch/hostile.html" --hostile '<script>hacked=1</script>'
exit $status
