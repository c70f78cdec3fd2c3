// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain-arm.c - faults of IOMMUs beside Arm's CPUs: the SMMU (arm-smmu) and the SMMUv3,
 * Rockchip's and MediaTek's
 *
 * Until 6.14 an event of the SMMUv3 is printed as raw words, a line each; they are put
 * together again here.
 *
 * Kernel counterparts: drivers/iommu/arm/arm-smmu, arm/arm-smmu-v3, rockchip-iommu.c,
 * mtk_iommu.c
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain-fault.h"

#define FSR_TRANSLATION (1u << 1)
#define FSR_PERMISSION  (1u << 3)
#define FSYNR_WRITE     (1u << 4)

/* Of each of MediaTek's two units. */
#define MTK_TRANSLATION (1u << 0 | 1u << 7)

/* By its stream ID, all that these lines tell of a device. False: counted, and no more. */
static bool book_stream(struct explain *explain, const struct log_line *line,
			const char *id, uint64_t stream, struct finding **ret)
{
	char name[32];

	snprintf(name, sizeof(name), "stream 0x%" PRIx64, stream);
	return explain_book_device(explain, line, id, name, strlen(name), ret);
}

/* "arm-smmu 5000000.iommu: Unhandled context fault: fsr=0x402, iova=0xff3cf000, ..." */
static bool line_context_fault(struct explain *explain, const struct log_line *line)
{
	const char *at = strstr(line->text, "Unhandled context fault: ");
	uint64_t fsr, iova = ADDRESS_UNKNOWN, fsynr = 0, stream = 0;
	struct finding *finding;
	enum access access;
	enum fault fault;

	if (!at || !text_number(at, "fsr=0x", 16, &fsr))
		return false;
	text_number(at, "iova=0x", 16, &iova);
	text_number(at, "fsynr=0x", 16, &fsynr);
	text_number(at, "cbfrsynra=0x", 16, &stream);
	fault = fsr & FSR_PERMISSION    ? FAULT_PERMISSION
		: fsr & FSR_TRANSLATION ? FAULT_ABSENT
					: FAULT_TABLE;
	access = fsynr & FSYNR_WRITE ? ACCESS_WRITE : ACCESS_READ;
	if (!book_stream(explain, line, "iommu-fault", stream, &finding))
		return true;
	fault_explain(finding, fault, access, iova);
	finding_evidence(finding,
			 "Stream ID 0x%" PRIx64 " is the device: find it in the device "
			 "tree's iommus or iommu-map, or in the IORT.",
			 stream);
	fault_advise(finding, fault, access);
	return true;
}

/* "Blocked unknown Stream ID 0x4000; boot with "arm-smmu.disable_bypass=0" to allow" */
static bool line_blocked(struct explain *explain, const struct log_line *line)
{
	const char *at = strstr(line->text, "Blocked unknown Stream ID 0x");
	struct finding *finding;
	uint64_t stream;

	if (!at || !text_number(at, "Stream ID 0x", 16, &stream))
		return false;
	if (!book_stream(explain, line, "iommu-unknown-device", stream, &finding))
		return true;
	fault_explain(finding, FAULT_DEVICE, ACCESS_UNKNOWN, ADDRESS_UNKNOWN);
	finding_next(finding,
		     "Give the device that masters with this stream ID its iommus (or the "
		     "bridge its iommu-map) in the device tree, or stop it before Linux "
		     "starts: firmware often leaves a display running.");
	finding_next(finding,
		     "arm-smmu.disable_bypass=0 lets it through unchecked: a diagnosis, not "
		     "a cure.");
	return true;
}

/* The SMMUv3's events that are no missing mapping. */
static enum fault event_fault(uint64_t event)
{
	switch (event) {
	case 0x02: /* C_BAD_STREAMID, C_BAD_STE, F_STREAM_DISABLED */
	case 0x04:
	case 0x06:
		return FAULT_DEVICE;
	case 0x08: /* C_BAD_SUBSTREAMID, C_BAD_CD */
	case 0x0a:
		return FAULT_PROCESS;
	case 0x10: /* F_TRANSLATION */
		return FAULT_ABSENT;
	case 0x11: /* F_ADDR_SIZE */
		return FAULT_RANGE;
	case 0x13: /* F_PERMISSION */
		return FAULT_PERMISSION;
	case 0x03: /* fetches that failed, conflicts of the TLB and of the tables */
	case 0x09:
	case 0x0b:
	case 0x20:
	case 0x21:
		return FAULT_TABLE;
	default:
		return FAULT_OTHER;
	}
}

static uint64_t event_number(const char *name)
{
	static const struct {
		const char *name;
		uint64_t number;
	} events[] = {
		{ "C_BAD_STREAMID", 0x02 },    { "F_STE_FETCH", 0x03 },
		{ "C_BAD_STE", 0x04 },         { "F_STREAM_DISABLED", 0x06 },
		{ "C_BAD_SUBSTREAMID", 0x08 }, { "F_CD_FETCH", 0x09 },
		{ "C_BAD_CD", 0x0a },          { "F_WALK_EABT", 0x0b },
		{ "F_TRANSLATION", 0x10 },     { "F_ADDR_SIZE", 0x11 },
		{ "F_PERMISSION", 0x13 },      { "F_TLB_CONFLICT", 0x20 },
		{ "F_CFG_CONFLICT", 0x21 },
	};
	size_t length = strcspn(name, " ");

	for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++)
		if (strlen(events[i].name) == length &&
		    !memcmp(events[i].name, name, length))
			return events[i].number;
	return 0;
}

static void await_words(struct explain *explain, struct finding *finding, enum fault fault)
{
	explain_facts(explain)->smmu = (struct smmu_event) { .finding = finding,
							      .fault = (int)fault,
							      .access = ACCESS_UNKNOWN };
}

/* "event 0x10 received:", and since 6.14 "event: F_TRANSLATION client: 0000:03:00.0 ..." */
static bool line_event(struct explain *explain, const struct log_line *line)
{
	const char *client = strstr(line->text, " client: ");
	const char *at = strstr(line->text, "event 0x");
	uint64_t event = 0, iova = ADDRESS_UNKNOWN;
	struct finding *finding;
	enum fault fault;
	bool new;

	if (!strstr(line->text, "arm-smmu-v3"))
		return false;
	if (at && strstr(at, "received"))
		text_number(at, "event 0x", 16, &event);
	else if ((at = strstr(line->text, "event: ")))
		event = event_number(at + strlen("event: "));
	else
		return false;
	fault = event_fault(event);
	text_number(at, "iova: 0x", 16, &iova);
	if (client) {
		client += strlen(" client: ");
		new = explain_book_device(explain, line, fault_id(fault), client,
					  strcspn(client, " "), &finding);
	} else {
		new = explain_book(explain, line, fault_id(fault), at, &finding);
	}
	await_words(explain, new ? finding : NULL, fault);
	if (!new)
		return true;
	explain_facts(explain)->smmu.address = iova;
	fault_explain(finding, fault, ACCESS_UNKNOWN, iova);
	fault_advise(finding, fault, ACCESS_UNKNOWN);
	return true;
}

#define WORD_1_READ (UINT64_C(1) << 35)

static void take_word(struct smmu_event *event, unsigned int index, uint64_t word)
{
	struct finding *finding = event->finding;

	if (index == 0)
		finding_evidence(finding,
				 "Stream ID 0x%" PRIx64 " is the device: find it in the "
				 "device tree's iommus or iommu-map, or in the IORT.",
				 word >> 32);
	else if (index == 1)
		event->access = word & WORD_1_READ ? ACCESS_READ : ACCESS_WRITE;
	else if (index == 2 && (event->fault == FAULT_ABSENT || event->fault == FAULT_RANGE ||
				event->fault == FAULT_PERMISSION))
		fault_title(finding, (enum fault)event->fault, (enum access)event->access,
			    word);
}

/* The words of the event before: "arm-smmu-v3 2b400000.smmu: \t0x0000010000000010" */
static bool line_word(struct explain *explain, const struct log_line *line)
{
	struct smmu_event *event = &explain_facts(explain)->smmu;
	const char *colon = strstr(line->text, ": ");
	uint64_t word;
	char *end;

	if (!event->finding || !colon || !strstr(line->text, "arm-smmu-v3"))
		return false;
	colon += 2 + strspn(colon + 2, " \t");
	if (!strncmp(colon, "unpriv ", 7) || !strncmp(colon, "priv ", 5)) {
		event->access = strstr(colon, " write ") ? ACCESS_WRITE : ACCESS_READ;
		fault_title(event->finding, (enum fault)event->fault,
			    (enum access)event->access, event->address);
		event->finding = NULL;
		return true;
	}
	word = strtoull(colon, &end, 16);
	if (strncmp(colon, "0x", 2) || end != colon + 18)
		return false;
	take_word(event, event->words, word);
	if (++event->words == 4)
		event->finding = NULL;
	return true;
}

static bool line_timeout(struct explain *explain, const struct log_line *line)
{
	const char *at = strstr(line->text, "CMD_SYNC timeout");
	struct finding *finding;

	if (!at)
		at = strstr(line->text, "TLB sync timed out");
	if (!at || !strstr(line->text, "smmu"))
		return false;
	if (!explain_book(explain, line, "iommu-timeout", at, &finding))
		return true;
	finding->severity = LIBDMA_CHECK_ERROR;
	finding_title(finding, "The SMMU, or a device behind it, did not answer when cached "
			       "translations were to be dropped.");
	finding_why(finding,
		    "Each unmap in strict mode waits for the SMMU. It hangs where a device "
		    "does not answer (ATS), or its clock or power is off.");
	finding_next(finding, "Look above for the first error of a device: this is what "
			      "follows from it.");
	return true;
}

/* "rk_iommu ff360480.iommu: Page fault at 0x0000000000151800 of type write" */
static bool line_rockchip(struct explain *explain, const struct log_line *line)
{
	const char *at = strstr(line->text, "Page fault at 0x"), *type;
	struct finding *finding;
	enum access access;
	uint64_t iova;

	type = at ? strstr(at, " of type ") : NULL;
	if (!type || !text_number(at, "Page fault at 0x", 16, &iova))
		return false;
	access = strstr(type, "write") ? ACCESS_WRITE : ACCESS_READ;
	if (!explain_book(explain, line, "iommu-fault", at, &finding))
		return true;
	fault_explain(finding, FAULT_DENIED, access, iova);
	finding_evidence(finding, "The name is the IOMMU's: the device is the one whose "
				  "'iommus' in the device tree has it. 'valid: 0' in the "
				  "lines behind it says that nothing is mapped there.");
	fault_advise(finding, FAULT_DENIED, access);
	return true;
}

/* "mtk-iommu 10205000.m4u: fault type=0x5 iova=0x.. pa=0x0 larb=4 port=1 layer=0 read" */
static bool line_mediatek(struct explain *explain, const struct log_line *line)
{
	const char *at = strstr(line->text, "fault type=0x");
	uint64_t type, iova, larb, port;
	struct finding *finding;
	enum access access;
	enum fault fault;

	if (!at || !text_number(at, "fault type=0x", 16, &type) ||
	    !text_number(at, " iova=0x", 16, &iova) || !text_number(at, "larb=", 10, &larb) ||
	    !text_number(at, "port=", 10, &port))
		return false;
	fault = type & MTK_TRANSLATION ? FAULT_ABSENT : FAULT_OTHER;
	access = strstr(at, " write") ? ACCESS_WRITE : ACCESS_READ;
	if (!explain_book(explain, line, "iommu-fault", at, &finding))
		return true;
	fault_explain(finding, fault, access, iova);
	finding_evidence(finding,
			 "The name is the IOMMU's: the device is port %" PRIu64 " of larb %" PRIu64
			 ", which dt-bindings/memory of the SoC has the names of.",
			 port, larb);
	fault_advise(finding, fault, access);
	return true;
}

bool explain_arm(struct explain *explain, const struct log_line *line)
{
	return line_context_fault(explain, line) || line_blocked(explain, line) ||
	       line_event(explain, line) || line_word(explain, line) ||
	       line_timeout(explain, line) || line_rockchip(explain, line) ||
	       line_mediatek(explain, line);
}
