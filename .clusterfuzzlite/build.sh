#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# build.sh - where ClusterFuzzLite looks for it; what is built is fuzz/build.sh's
exec "$SRC/dmactl/fuzz/build.sh"
