// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * peer-region.c - the kernel's kernel/dma/coherent.c, as it is, behind a table of
 * functions, with its lib/bitmap.c and lib/find_bit.c
 *
 * PEER_KERNEL is the folder of the kernel's files; they are not part of this project.
 */
#include "shim.h"

/* What the headers that are empty here would have said. */
#define BITS_PER_LONG              64
#define BITS_PER_BYTE              8
#define BIT(n)                     (1UL << (n))
#define BIT_WORD(n)                ((n) / BITS_PER_LONG)
#define BIT_MASK(n)                (1UL << ((n) % BITS_PER_LONG))
#define BITS_TO_LONGS(n)           (((n) + BITS_PER_LONG - 1) / BITS_PER_LONG)
#define GENMASK(high, low)         (((~0UL) << (low)) & (~0UL >> (63 - (high))))
#define IS_ALIGNED(x, a)           (((x) & ((__typeof__(x))(a)-1)) == 0)
#define __ALIGN_MASK(x, mask)      (((x) + (mask)) & ~(mask))
#define DIV_ROUND_UP(n, d)         (((n) + (d)-1) / (d))
#define round_up(n, d)             (((n) + (d)-1) / (d) * (d))
#define round_down(n, d)           ((n) / (d) * (d))
#define DECLARE_BITMAP(name, bits) unsigned long name[BITS_TO_LONGS(bits)]
#define __always_inline            inline __attribute__((always_inline))
#define __pure                     __attribute__((pure))
#define __must_check
#define __user
#define __force
#define __counted_by(n)
#define asmlinkage
#define fallthrough __attribute__((fallthrough))
#define DEFINE_FREE(name, type, action)
#define small_const_nbits(n)           0
#define __ffs(word)                    ((unsigned long)__builtin_ctzl(word))
#define __fls(word)                    (63UL - (unsigned long)__builtin_clzl(word))
#define ffz(word)                      __ffs(~(word))
#define swab(word)                     __builtin_bswap64(word)
#define hweight_long(word)             ((unsigned long)__builtin_popcountl(word))
#define BUG_ON(x)                      ((void)(x))
#define WARN_ON_ONCE(x)                (x)
#define READ_ONCE(x)                   (x)
#define prefetch(x)                    ((void)(x))
#define get_random_u32_below(n)        ((void)(n), 0u)
#define get_random_u32_inclusive(a, b) ((void)(b), (a))
#define kmalloc_array(n, size, gfp)    ((void)(gfp), calloc(n, size))
#define kcalloc(n, size, gfp)          ((void)(gfp), calloc(n, size))
#define kmalloc_array_node(n, size, gfp, node) \
	((void)(gfp), (void)(node), calloc(n, size))
#define array3_size(a, b, c)                        ((a) * (b) * (c))
#define devm_add_action_or_reset(dev, action, data) ((void)(action), (void)(data), 0)
#define min_t(type, a, b)                           ((type)(a) < (type)(b) ? (type)(a) : (type)(b))
#define swap(a, b)                      \
	do {                            \
		__typeof__(a) t_ = (a); \
		(a) = (b);              \
		(b) = t_;               \
	} while (0)
#define le32_to_cpu(x)   (x)
#define le64_to_cpu(x)   (x)
#define upper_32_bits(n) ((u32)((n) >> 32))
#define lower_32_bits(n) ((u32)(n))
typedef unsigned char uint8;
typedef u64 __le64;

static inline bool test_bit(unsigned long bit, const unsigned long *map)
{
	return map[bit / 64] >> bit % 64 & 1;
}

static inline void __set_bit(unsigned long bit, unsigned long *map)
{
	map[bit / 64] |= 1UL << bit % 64;
}

static inline void __clear_bit(unsigned long bit, unsigned long *map)
{
	map[bit / 64] &= ~(1UL << bit % 64);
}

#define set_bit   __set_bit
#define clear_bit __clear_bit
#define __assign_bit(bit, map, value) \
	((value) ? __set_bit(bit, map) : __clear_bit(bit, map))

static inline unsigned long fns(unsigned long word, unsigned int n)
{
	while (word && n--)
		word &= word - 1;
	return word ? __ffs(word) : 64;
}

#include <linux/bitmap.h>
#include PEER_BITMAP
#include PEER_FIND_BIT

/* --- the region -------------------------------------------------------------------- */

#define MEMREMAP_WC                                  1
#define PFN_DOWN(x)                                  ((x) >> PAGE_SHIFT)
#define PFN_PHYS(x)                                  ((phys_addr_t)(x) << PAGE_SHIFT)
#define PAGE_ALIGN(x)                                ALIGN(x, PAGE_SIZE)
#define ERR_PTR(error)                               ((void *)(long)(error))
#define PTR_ERR(pointer)                             ((int)(long)(pointer))
#define IS_ERR(pointer)                              ((unsigned long)(pointer) > -4096UL)
#define phys_to_dma(dev, phys)                       ((dma_addr_t)(phys))
#define memremap(phys, size, flags)                  ((void)(size), (void *)(phys))
#define memunmap(memory)                             ((void)(memory))
#define vma_pages(vma)                               ((vma)->vm_pages)
#define remap_pfn_range(vma, start, pfn, size, prot) ((vma)->result = (pfn), 0)

struct vm_area_struct {
	unsigned long vm_pgoff, vm_pages, vm_start, result;
	int vm_page_prot;
};

static inline int get_order(unsigned long size)
{
	size = (size - 1) >> PAGE_SHIFT;
	return size ? 64 - __builtin_clzl(size) : 0;
}

/* Zeroing is no search, so it can be left out of what is measured. */
static int zeroing = 1;
static inline void *maybe_zero(void *memory, size_t size)
{
	return zeroing ? __builtin_memset(memory, 0, size) : memory;
}
#undef memset
#define memset(memory, byte, size) maybe_zero(memory, size)

#include PEER_FILE

#include "peer-region.h"

static struct device device;

static int peer_declare(char *memory, uint64_t dma, size_t size)
{
	return dma_declare_coherent_memory(&device, (phys_addr_t)memory, dma, size);
}

static void *peer_alloc(size_t size, uint64_t *dma)
{
	void *memory = NULL;

	dma_alloc_from_dev_coherent(&device, (ssize_t)size, dma, &memory);
	return memory;
}

static int peer_release(int order, void *cpu)
{
	return dma_release_from_dev_coherent(&device, order, cpu);
}

static void peer_undeclare(void)
{
	dma_release_coherent_memory(&device);
}

static void peer_set_zeroing(int zero)
{
	zeroing = zero;
}

extern const struct peer_region peer_region __attribute__((visibility("default")));
const struct peer_region peer_region = {
	.declare = peer_declare,
	.alloc = peer_alloc,
	.release = peer_release,
	.undeclare = peer_undeclare,
	.set_zeroing = peer_set_zeroing,
	.find_area = bitmap_find_next_zero_area_off,
};
