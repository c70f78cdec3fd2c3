// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ftrace-body.c - the body of a line: what an event says
 *
 * One function for each layout, a list of the words and numbers in their order.
 * Failure is sticky and asked for at the end (scan.h).
 *
 * Kernel counterpart: include/trace/events/{dma,swiotlb,iommu}.h (RULES.md T3)
 */
#include "trace/ftrace.h"

/* A device's name, which may hold blanks, up to what follows it. */
static void scan_new_device(struct ftrace *ftrace, struct scan *scan, const char *behind,
			    size_t size)
{
	const char *text = scan->at;

	scan->at += scan_word_size(text);
	while (*scan->at == ' ' && !scan_is(scan, behind, size))
		scan->at += 1 + scan_word_size(scan->at + 1);
	ftrace_intern(ftrace, scan, &ftrace->device, text, (size_t)(scan->at - text),
		      &ftrace->event.device);
	if (!scan_try(scan, behind, size))
		scan_fail(scan);
}

/* Most often it is the one of the line before. */
static inline void scan_device(struct ftrace *ftrace, struct scan *scan,
			       const char *behind, size_t size)
{
	const struct memo *last = ftrace->device.last;

	if (memo_is_last(&ftrace->device, scan->at) &&
	    !memcmp(scan->at + last->size, behind, size)) {
		ftrace->event.device = last->number;
		scan->at += last->size + size;
	} else {
		scan_new_device(ftrace, scan, behind, size);
	}
}

#define SCAN_DEVICE(ftrace, scan, behind) \
	scan_device(ftrace, scan, behind, sizeof(behind) - 1)

static void scan_dir(struct scan *scan, struct dma_event *event)
{
	if (SCAN_TRY(scan, "FROM_DEVICE "))
		event->dir = DMA_FROM_DEVICE;
	else if (SCAN_TRY(scan, "TO_DEVICE "))
		event->dir = DMA_TO_DEVICE;
	else if (SCAN_TRY(scan, "BIDIRECTIONAL "))
		event->dir = DMA_BIDIRECTIONAL;
	else if (SCAN_TRY(scan, "NONE "))
		event->dir = DMA_NONE;
	else
		scan_fail(scan);
}

static void scan_attrs(struct scan *scan, struct dma_event *event)
{
	size_t size;

	SCAN_TEXT(scan, " attrs=");
	if (*scan->at == '\n' || scan->error)
		return;
	size = scan_word_size(scan->at);
	if (libdma_attrs_parse(scan->at, size, &event->attrs))
		scan_fail(scan);
	scan->at += size;
}

/* A pointer: hashed by %p, or not yet, or as it is, which "0x" or its size tells. */
static void scan_pointer(struct scan *scan, struct dma_event *event)
{
	const char *text;

	if (SCAN_TRY(scan, "(____ptrval____)")) {
		event->flags |= DMA_EVENT_UNHASHED;
	} else if (SCAN_TRY(scan, "(nil)") || SCAN_TRY(scan, "(null)")) {
		event->cpu_addr = 0;
	} else if (SCAN_TRY(scan, "0x")) {
		event->cpu_addr = scan_hex(scan);
	} else {
		text = scan->at;
		event->cpu_addr = scan_hex(scan);
		if (scan->at - text != 8 && scan->at - text != 16)
			scan_fail(scan);
		if (event->cpu_addr && event->cpu_addr <= UINT32_MAX)
			event->flags |= DMA_EVENT_HASHED;
	}
}

static void scan_gfp(struct ftrace *ftrace, struct scan *scan)
{
	size_t size;

	SCAN_TEXT(scan, " flags=");
	size = scan_word_size(scan->at);
	ftrace_intern(ftrace, scan, &ftrace->word, scan->at, size, &ftrace->event.gfp);
	scan->at += size;
}

/* "DEV dir=D dma_addr=H size=N", with which most layouts begin */
static void scan_address(struct ftrace *ftrace, struct scan *scan)
{
	struct dma_event *event = &ftrace->event;

	SCAN_DEVICE(ftrace, scan, " dir=");
	scan_dir(scan, event);
	SCAN_TEXT(scan, "dma_addr=");
	event->dma = scan_hex(scan);
	SCAN_TEXT(scan, " size=");
	event->size = scan_decimal(scan);
}

static void scan_map(struct ftrace *ftrace, struct scan *scan)
{
	scan_address(ftrace, scan);
	SCAN_TEXT(scan, " phys_addr=");
	ftrace->event.phys = scan_hex(scan);
	scan_attrs(scan, &ftrace->event);
}

static void scan_unmap(struct ftrace *ftrace, struct scan *scan)
{
	scan_address(ftrace, scan);
	scan_attrs(scan, &ftrace->event);
}

static void scan_alloc(struct ftrace *ftrace, struct scan *scan)
{
	scan_address(ftrace, scan);
	SCAN_TEXT(scan, " virt_addr=");
	scan_pointer(scan, &ftrace->event);
	if (ftrace_shape(ftrace->event.kind) == FTRACE_ALLOC)
		scan_gfp(ftrace, scan);
	scan_attrs(scan, &ftrace->event);
}

static void take_phys(struct ftrace *ftrace)
{
	ftrace->event.phys_list = ftrace->phys.value;
	ftrace->event.phys_count = ftrace->phys.count;
}

static void take_dma(struct ftrace *ftrace)
{
	ftrace->event.dma_list = ftrace->dma.value;
	ftrace->event.dma_count = ftrace->dma.count;
	ftrace->event.dma_size_list = ftrace->sizes.value;
}

static void scan_sgt(struct ftrace *ftrace, struct scan *scan)
{
	scan_address(ftrace, scan);
	SCAN_TEXT(scan, " phys_addrs=");
	ftrace_scan_list64(scan, &ftrace->phys);
	take_phys(ftrace);
	if (ftrace->event.kind != DMA_EVENT_ALLOC_SGT)
		return;
	scan_gfp(ftrace, scan);
	scan_attrs(scan, &ftrace->event);
}

/* " nents=SHOWN/FULL" */
static uint32_t scan_counts(struct scan *scan, uint32_t *ret)
{
	uint64_t shown = scan_decimal(scan), full;

	SCAN_TEXT(scan, "/");
	full = scan_decimal(scan);
	if (shown > full || full > INT32_MAX)
		scan_fail(scan);
	*ret = (uint32_t)full;
	return (uint32_t)shown;
}

static void scan_map_sg(struct ftrace *ftrace, struct scan *scan)
{
	struct dma_event *event = &ftrace->event;
	uint32_t nents = 0, ents = 0;
	bool counted;

	SCAN_DEVICE(ftrace, scan, " dir=");
	scan_dir(scan, event);
	counted = SCAN_TRY(scan, "nents="); /* not in the first of 6.12 */
	if (counted) {
		nents = scan_counts(scan, &event->nents);
		SCAN_TEXT(scan, " ents=");
		ents = scan_counts(scan, &event->ents);
		if (SCAN_TRY(scan, " [TRUNCATED]"))
			event->flags |= DMA_EVENT_CUT;
		SCAN_TEXT(scan, " ");
	}
	SCAN_TEXT(scan, "dma_addrs=");
	ftrace_scan_list64(scan, &ftrace->dma);
	SCAN_TEXT(scan, " sizes=");
	ftrace_scan_list32(scan, &ftrace->sizes);
	SCAN_TEXT(scan, " phys_addrs=");
	ftrace_scan_list64(scan, &ftrace->phys);
	scan_attrs(scan, event);
	take_phys(ftrace);
	take_dma(ftrace);
	if (ftrace->dma.count != ftrace->sizes.count ||
	    (counted && (nents != event->phys_count || ents != event->dma_count)))
		scan_fail(scan);
}

/* Its list of physical addresses has the name of the other list. */
static void scan_map_sg_err(struct ftrace *ftrace, struct scan *scan)
{
	uint64_t error;

	SCAN_DEVICE(ftrace, scan, " dir=");
	scan_dir(scan, &ftrace->event);
	SCAN_TEXT(scan, "dma_addrs=");
	ftrace_scan_list64(scan, &ftrace->phys);
	SCAN_TEXT(scan, " err=");
	ftrace->event.error = SCAN_TRY(scan, "-") ? -1 : 1;
	error = scan_decimal(scan);
	if (error > INT32_MAX)
		scan_fail(scan);
	ftrace->event.error *= (int32_t)(error & INT32_MAX);
	scan_attrs(scan, &ftrace->event);
	take_phys(ftrace);
}

static void scan_unmap_sg(struct ftrace *ftrace, struct scan *scan)
{
	SCAN_DEVICE(ftrace, scan, " dir=");
	scan_dir(scan, &ftrace->event);
	SCAN_TEXT(scan, "phys_addrs=");
	ftrace_scan_list64(scan, &ftrace->phys);
	scan_attrs(scan, &ftrace->event);
	take_phys(ftrace);
}

static void scan_sync_sg(struct ftrace *ftrace, struct scan *scan)
{
	SCAN_DEVICE(ftrace, scan, " dir=");
	scan_dir(scan, &ftrace->event);
	SCAN_TEXT(scan, "dma_addrs=");
	ftrace_scan_list64(scan, &ftrace->dma);
	SCAN_TEXT(scan, " sizes=");
	ftrace_scan_list32(scan, &ftrace->sizes);
	take_dma(ftrace);
	if (ftrace->dma.count != ftrace->sizes.count)
		scan_fail(scan);
}

static void scan_bounced(struct ftrace *ftrace, struct scan *scan)
{
	struct dma_event *event = &ftrace->event;

	SCAN_TEXT(scan, "dev_name: ");
	SCAN_DEVICE(ftrace, scan, " dma_mask=");
	event->mask = scan_hex(scan);
	SCAN_TEXT(scan, " dev_addr=");
	event->phys = scan_hex(scan);
	SCAN_TEXT(scan, " size=");
	event->size = scan_decimal(scan);
	if (SCAN_TRY(scan, " FORCE"))
		event->flags |= DMA_EVENT_FORCE;
	else
		SCAN_TEXT(scan, " NORMAL");
}

/* "IOMMU: iova=0x<16 digits> - 0x<16 digits>"; the end, exclusive, is returned */
static uint64_t scan_iova(struct scan *scan, struct dma_event *event)
{
	SCAN_TEXT(scan, "IOMMU: iova=0x");
	event->dma = scan_hex(scan);
	SCAN_TEXT(scan, " - 0x");
	return scan_hex(scan);
}

static void scan_iommu_map(struct scan *scan, struct dma_event *event)
{
	uint64_t end = scan_iova(scan, event);

	SCAN_TEXT(scan, " paddr=0x");
	event->phys = scan_hex(scan);
	SCAN_TEXT(scan, " size=");
	event->size = scan_decimal(scan);
	if (event->dma + event->size != end)
		scan_fail(scan);
}

static void scan_iommu_unmap(struct scan *scan, struct dma_event *event)
{
	uint64_t end = scan_iova(scan, event);

	SCAN_TEXT(scan, " size=");
	event->size = scan_decimal(scan);
	SCAN_TEXT(scan, " unmapped_size=");
	event->unmapped = scan_decimal(scan);
	if (event->dma + event->size != end)
		scan_fail(scan);
}

/* A device's name up to the end of the line. */
static void scan_last_device(struct ftrace *ftrace, struct scan *scan)
{
	const char *text = scan->at;

	while (!ftrace_at_end(scan))
		scan->at++;
	ftrace_intern(ftrace, scan, &ftrace->device, text, (size_t)(scan->at - text),
		      &ftrace->event.device);
}

static void scan_group(struct ftrace *ftrace, struct scan *scan)
{
	SCAN_TEXT(scan, "IOMMU: groupID=");
	ftrace->event.handle = scan_decimal(scan);
	SCAN_TEXT(scan, " device=");
	scan_last_device(ftrace, scan);
}

static void scan_domain(struct ftrace *ftrace, struct scan *scan)
{
	SCAN_TEXT(scan, "IOMMU: device=");
	scan_last_device(ftrace, scan);
}

/* "IOMMU:DRIVER DEV iova=0x<16 digits> flags=0x<4 digits>" */
static void scan_fault(struct ftrace *ftrace, struct scan *scan)
{
	size_t size;

	SCAN_TEXT(scan, "IOMMU:");
	size = scan_word_size(scan->at);
	ftrace_intern(ftrace, scan, &ftrace->word, scan->at, size, &ftrace->event.name);
	scan->at += size;
	SCAN_TEXT(scan, " ");
	SCAN_DEVICE(ftrace, scan, " iova=0x");
	ftrace->event.dma = scan_hex(scan);
	SCAN_TEXT(scan, " flags=0x");
	ftrace->event.fault = scan_hex(scan);
}

/* All that is left of the line. */
static void scan_rest(struct ftrace *ftrace, struct scan *scan)
{
	const char *end = memchr(scan->at, '\n', (size_t)(ftrace->limit - scan->at));

	if (ftrace->crlf && end > scan->at && end[-1] == '\r')
		end--;
	ftrace->event.text = scan->at;
	ftrace->event.text_size = (uint32_t)(end - scan->at);
	scan->at = end;
}

/*
 * Tracepoints with the names of ours and other bodies exist ("map"), and "print" is
 * also what trace_printk() makes.
 */
static bool is_other(const struct ftrace *ftrace, const struct scan *scan)
{
	switch (ftrace_shape(ftrace->event.kind)) {
	case FTRACE_NO_SHAPE:
		return true;
	case FTRACE_IOMMU_MAP:
	case FTRACE_IOMMU_UNMAP:
		return !SCAN_IS(scan, "IOMMU:");
	default:
		return false;
	}
}

static void scan_shape(struct ftrace *ftrace, struct scan *scan)
{
	switch (ftrace_shape(ftrace->event.kind)) {
	case FTRACE_MAP:
		return scan_map(ftrace, scan);
	case FTRACE_UNMAP:
		return scan_unmap(ftrace, scan);
	case FTRACE_ALLOC:
	case FTRACE_FREE:
		return scan_alloc(ftrace, scan);
	case FTRACE_ALLOC_SGT:
	case FTRACE_FREE_SGT:
		return scan_sgt(ftrace, scan);
	case FTRACE_MAP_SG:
		return scan_map_sg(ftrace, scan);
	case FTRACE_MAP_SG_ERR:
		return scan_map_sg_err(ftrace, scan);
	case FTRACE_UNMAP_SG:
		return scan_unmap_sg(ftrace, scan);
	case FTRACE_SYNC:
		return scan_address(ftrace, scan);
	case FTRACE_SYNC_SG:
		return scan_sync_sg(ftrace, scan);
	case FTRACE_BOUNCED:
		return scan_bounced(ftrace, scan);
	case FTRACE_IOMMU_MAP:
		return scan_iommu_map(scan, &ftrace->event);
	case FTRACE_IOMMU_UNMAP:
		return scan_iommu_unmap(scan, &ftrace->event);
	case FTRACE_GROUP:
		return scan_group(ftrace, scan);
	case FTRACE_DOMAIN:
		return scan_domain(ftrace, scan);
	case FTRACE_FAULT:
		return scan_fault(ftrace, scan);
	case FTRACE_MARK:
	case FTRACE_NO_SHAPE:
		return scan_rest(ftrace, scan);
	}
}

static uint64_t sum(const uint32_t *sizes, uint32_t count)
{
	uint64_t size = 0;

	for (uint32_t i = 0; i < count; i++)
		size += sizes[i];
	return size;
}

void ftrace_finish_event(struct dma_event *event)
{
	switch (ftrace_shape(event->kind)) {
	case FTRACE_MAP:
		if (event->dma == DMA_MAPPING_ERROR)
			event->error = -ENOMEM;
		break;
	case FTRACE_ALLOC:
		if (!event->cpu_addr && !(event->flags & DMA_EVENT_UNHASHED))
			event->error = -ENOMEM;
		break;
	case FTRACE_MAP_SG:
		if (!event->nents)
			event->nents = event->phys_count;
		if (!event->ents)
			event->ents = event->dma_count;
		event->size = sum(event->dma_size_list, event->dma_count);
		break;
	case FTRACE_SYNC_SG:
		event->nents = event->dma_count;
		event->size = sum(event->dma_size_list, event->dma_count);
		break;
	case FTRACE_ALLOC_SGT:
	case FTRACE_FREE_SGT:
	case FTRACE_MAP_SG_ERR:
	case FTRACE_UNMAP_SG:
		event->nents = event->phys_count;
		break;
	default:
		break;
	}
}

/* A line of none of our tracepoints, or of one that goes by another name. */
static void scan_other(struct ftrace *ftrace, struct scan *scan)
{
	struct dma_event *event = &ftrace->event;

	event->kind = DMA_EVENT_OTHER;
	if (event->name && SCAN_TRY(scan, "tracing_mark_write: ")) {
		/* trace-cmd and perf name the tracepoint, "print", before the function */
		event->kind = DMA_EVENT_MARK;
		event->name = 0;
	} else if (!event->name && SCAN_TRY(scan, "PERF_RECORD_LOST lost ")) {
		event->kind = DMA_EVENT_LOST;
		event->count = scan_decimal(scan);
		if (!scan->error && ftrace_at_end(scan))
			ftrace->reader->lost += event->count;
		return;
	}
	scan_rest(ftrace, scan);
}

void ftrace_scan_body(struct ftrace *ftrace, struct scan *scan)
{
	if (is_other(ftrace, scan)) {
		scan_other(ftrace, scan);
	} else {
		ftrace->event.name = 0;
		if (SCAN_IS(scan, "[FAILED TO PARSE]"))
			ftrace_scan_raw(ftrace, scan);
		else
			scan_shape(ftrace, scan);
	}
	if (!ftrace_at_end(scan))
		scan_fail(scan);
	if (!scan->error)
		ftrace_finish_event(&ftrace->event);
}
