// SPDX-License-Identifier: GPL-2.0
/*
 * The full walk finds each planted corruption and names it.  Without this every
 * "nothing wrong" elsewhere would mean nothing.
 */
#include "host_test.h"

HOST_FIXTURE(check)

/* The next check must fail, with a line that has @part in it; the machine is thrown away. */
#define EXPECT_FOUND(part) do {						\
	char _why[256] = "";						\
	EXPECT_EQ(-EUCLEAN, host_check(&self->h, _why, sizeof(_why)));	\
	EXPECT_NE(NULL, strstr(_why, part)) {				\
		TH_LOG("said: %s", _why);				\
	}								\
} while (0)

/* Two vcpus, pages of all kinds everywhere. */
static int boot(struct host *h)
{
	int err = host_boot(h, "N0:DMA32=16M,Normal=16M,Movable=16M", 2);

	if (err)
		return err;
	for (int i = 0; i < 40; i++)
		host_alloc(h, i % 3 ? GFP_MOV : GFP_UNM, i % 5);
	host_free(h, host_alloc(h, GFP_MOV, 0), 0);
	host_free(h, host_alloc(h, GFP_MOV, 3), 3);
	return 0;
}

static struct sbuddy_page *some_free(struct host *h, int order)
{
	struct sbuddy_zone *z = host_zone(h, 0, SBUDDY_ZONE_NORMAL);

	for (int mt = 0; mt < 3; mt++)
		if (!list_empty(&z->free_area[order].free_list[mt]))
			return list_first_entry(&z->free_area[order].free_list[mt],
						struct sbuddy_page, lru);
	return NULL;
}

#define CORRUPTION(name) TEST_F(check, name)
#define SETUP() ASSERT_EQ(0, boot(&self->h)); EXPECT_SANE()

CORRUPTION(sound_machine)
{
	SETUP();
}

CORRUPTION(back_link_broken)
{
	struct sbuddy_page *page;

	SETUP();
	page = some_free(&self->h, 10);
	ASSERT_TRUE(page);
	page->lru.prev = &page->lru;
	EXPECT_FOUND("broken");
}

CORRUPTION(list_that_runs_in_circles)
{
	struct list_head *head;

	SETUP();
	head = &ZONE(DMA32)->free_area[10].free_list[MOV];
	/* back to the first block instead of the head, with links that agree */
	head->prev->next = head->next;
	head->next->prev = head->prev;
	EXPECT_FOUND("broken");
}

/* The walk once looked at every link but the one back from the first block to the head. */
CORRUPTION(back_link_of_the_first_block_broken)
{
	struct list_head *head;

	SETUP();
	head = &ZONE(DMA32)->free_area[10].free_list[MOV];
	head->next->prev = head->prev;
	EXPECT_FOUND("broken");
}

CORRUPTION(nr_free_wrong)
{
	SETUP();
	ZONE(NORMAL)->free_area[10].nr_free++;
	EXPECT_FOUND("nr_free of order 10");
}

CORRUPTION(free_counter_wrong)
{
	SETUP();
	ZONE(NORMAL)->nr_free_pages--;
	EXPECT_FOUND("free pages counted");
}

CORRUPTION(pending_part_wrong)
{
	SETUP();
	ZONE(MOVABLE)->zstat[1].free_diff++;
	EXPECT_FOUND("free pages counted");
}

CORRUPTION(pending_part_beyond_the_threshold)
{
	SETUP();
	ZONE(MOVABLE)->zstat[1].free_diff = 9;
	ZONE(MOVABLE)->nr_free_pages -= 9;
	EXPECT_FOUND("pending");
}

CORRUPTION(highatomic_counter_wrong)
{
	SETUP();
	ZONE(NORMAL)->nr_free_highatomic = 1;
	EXPECT_FOUND("HighAtomic");
}

CORRUPTION(isolated_counter_wrong)
{
	SETUP();
	ZONE(NORMAL)->nr_isolate_pageblock = 1;
	EXPECT_FOUND("isolated");
}

CORRUPTION(order_of_a_block_wrong)
{
	SETUP();
	some_free(&self->h, 10)->tag--;
	EXPECT_FOUND("carries another order");
}

CORRUPTION(state_of_a_block_wrong)
{
	struct sbuddy_page *page;

	SETUP();
	page = some_free(&self->h, 10);
	page->tag = sbuddy_tag(ZONE(NORMAL), SBUDDY_PAGE_USED, 10);
	EXPECT_FOUND("carries another order, state");
}

CORRUPTION(zone_of_a_block_wrong)
{
	struct sbuddy_page *page;

	SETUP();
	page = some_free(&self->h, 10);
	page->tag = sbuddy_tag(ZONE(MOVABLE), SBUDDY_PAGE_BUDDY, 10);
	EXPECT_FOUND("carries another order, state or zone");
}

CORRUPTION(block_of_another_zone_on_the_list)
{
	struct sbuddy_page *page;

	SETUP();
	page = list_first_entry(&ZONE(MOVABLE)->free_area[10].free_list[MOV], struct sbuddy_page,
				lru);
	list_del(&page->lru);
	list_add(&page->lru, &ZONE(NORMAL)->free_area[10].free_list[MOV]);
	page->tag = sbuddy_tag(ZONE(NORMAL), SBUDDY_PAGE_BUDDY, 10);
	EXPECT_FOUND("outside the zone");
}

CORRUPTION(foreign_memory_on_the_list)
{
	static struct sbuddy_page stranger;

	SETUP();
	list_add(&stranger.lru, &ZONE(NORMAL)->free_area[3].free_list[MOV]);
	EXPECT_FOUND("is no page");
}

CORRUPTION(block_misaligned)
{
	struct sbuddy_page *page;

	SETUP();
	page = some_free(&self->h, 10);
	list_del(&page->lru);
	page->tag = 0;
	page += 512;
	page->tag = sbuddy_tag(ZONE(NORMAL), SBUDDY_PAGE_BUDDY, 10);
	list_add(&page->lru, &ZONE(NORMAL)->free_area[10].free_list[MOV]);
	EXPECT_FOUND("not aligned");
}

CORRUPTION(references_on_a_free_block)
{
	SETUP();
	some_free(&self->h, 10)->refcount = 1;
	EXPECT_FOUND("has references");
}

CORRUPTION(block_inside_a_free_block)
{
	SETUP();
	some_free(&self->h, 10)[100].tag = sbuddy_tag(ZONE(NORMAL), SBUDDY_PAGE_USED, 0);
	EXPECT_FOUND("covers the first page of another block");
}

CORRUPTION(block_on_the_list_of_another_type)
{
	struct sbuddy_page *page;

	SETUP();
	page = some_free(&self->h, 10);
	list_del(&page->lru);
	list_add(&page->lru, &ZONE(NORMAL)->free_area[10].free_list[REC]);
	EXPECT_FOUND("is on the Reclaimable list");
}

/* Also the second pageblock of an order-10 block. */
CORRUPTION(type_of_a_pageblock_changed_below_its_free_pages)
{
	SETUP();
	sbuddy_set_pageblock_migratetype(self->h.m,
					 sbuddy_pfn(self->h.m, some_free(&self->h, 10)) + 512, REC);
	EXPECT_FOUND("its pageblock is Reclaimable");
}

/* The line that names it once read the name of type 7 from beyond the table. */
CORRUPTION(type_out_of_range)
{
	SETUP();
	self->h.m->pageblock_flags[0] |= 7;
	EXPECT_FOUND("its pageblock is invalid");
}

CORRUPTION(type_of_a_used_pageblock_out_of_range)
{
	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4);
	self->h.m->pageblock_flags[0] = 7;
	EXPECT_FOUND("has type 7");
}

CORRUPTION(buddies_left_unmerged)
{
	struct sbuddy_zone *z;
	struct sbuddy_page *page;

	SETUP();
	z = ZONE(NORMAL);
	page = some_free(&self->h, 10);
	list_del(&page->lru);
	z->free_area[10].nr_free--;
	for (int i = 0; i < 2; i++) {
		page[512 * i].tag = sbuddy_tag(z, SBUDDY_PAGE_BUDDY, 9);
		list_add(&page[512 * i].lru, &z->free_area[9].free_list[MOV]);
		z->free_area[9].nr_free++;
	}
	EXPECT_FOUND("not merged");
}

CORRUPTION(free_block_lost)
{
	struct sbuddy_page *page;

	SETUP();
	page = some_free(&self->h, 10);
	list_del(&page->lru);
	ZONE(NORMAL)->free_area[10].nr_free--;
	ZONE(NORMAL)->nr_free_pages -= 1024;
	EXPECT_FOUND("pages are in free blocks");
}

CORRUPTION(page_lost)
{
	struct sbuddy_page *page;

	SETUP();
	page = some_free(&self->h, 10);
	list_del(&page->lru);
	page->tag = 0;
	ZONE(NORMAL)->free_area[10].nr_free--;
	ZONE(NORMAL)->nr_free_pages -= 1024;
	EXPECT_FOUND("managed");
}

CORRUPTION(used_block_vanished)
{
	long off;

	SETUP();
	off = host_alloc(&self->h, GFP_MOV, 4);
	host_page(&self->h, off)->tag = 0;
	EXPECT_FOUND("are not 4096 managed");
}

CORRUPTION(used_block_misplaced)
{
	long off;

	SETUP();
	off = host_alloc(&self->h, GFP_MOV, 4);
	host_page(&self->h, off)->tag = 0;
	host_page(&self->h, off + 1)->tag = sbuddy_tag(ZONE(NORMAL), SBUDDY_PAGE_USED, 4);
	EXPECT_FOUND("misplaced");
}

CORRUPTION(more_free_than_managed)
{
	SETUP();
	ZONE(MOVABLE)->managed_pages = 4095;
	EXPECT_FOUND("pages free of 4095");
}

CORRUPTION(pcp_count_wrong)
{
	SETUP();
	ZONE(NORMAL)->pcp[1].count = 1;
	EXPECT_FOUND("vcpu 1: pcp count is 1");
}

CORRUPTION(pcp_list_broken)
{
	struct list_head *head;

	SETUP();
	head = &ZONE(NORMAL)->pcp[0].lists[MOV];
	ASSERT_FALSE(list_empty(head));
	head->prev = NULL;
	EXPECT_FOUND("pcp list 1 is broken");
}

CORRUPTION(pcp_list_that_runs_in_circles)
{
	struct list_head *head;

	SETUP();
	head = &ZONE(NORMAL)->pcp[0].lists[MOV];
	head->prev->next = head->next;
	head->next->prev = head->prev;
	EXPECT_FOUND("pcp list 1 is broken");
}

CORRUPTION(pcp_block_of_wrong_order)
{
	struct sbuddy_page *page;

	SETUP();
	page = list_first_entry(&ZONE(NORMAL)->pcp[0].lists[MOV], struct sbuddy_page, lru);
	page->tag |= 1;
	EXPECT_FOUND(" ");
}

CORRUPTION(pcp_block_in_state_buddy)
{
	struct sbuddy_page *page;

	SETUP();
	page = list_first_entry(&ZONE(NORMAL)->pcp[0].lists[MOV], struct sbuddy_page, lru);
	page->tag = sbuddy_tag(ZONE(NORMAL), SBUDDY_PAGE_USED, 0);
	EXPECT_FOUND("pcp block");
}

/* ---- owners ---- */

static int own(struct host *h)
{
	struct sbuddy_op op = { .opcode = SBUDDY_OP_ALLOC, .cpu = -1, .nid = -1, .slot = 3,
				.order = 2 };

	h->o = sbuddy_owner_create(h->m, 5);
	return sbuddy_run_op(h->o, &op, 0);
}

CORRUPTION(slot_with_a_free_page)
{
	struct sbuddy_page *page;

	SETUP();
	ASSERT_EQ(0, own(&self->h));
	EXPECT_SANE();
	page = sbuddy_owner_slot(self->h.o, 3);
	sbuddy_free_pages(self->h.m, &self->h.task, page, 2);
	EXPECT_FOUND("not allocated");
	sbuddy_slot_clear(self->h.o, 3, 2);
}

CORRUPTION(slot_with_an_unreferenced_page)
{
	SETUP();
	ASSERT_EQ(0, own(&self->h));
	sbuddy_owner_slot(self->h.o, 3)->refcount = 0;
	EXPECT_FOUND("without a reference");
	sbuddy_owner_slot(self->h.o, 3)->refcount = 1;
}

CORRUPTION(page_that_names_another_slot)
{
	SETUP();
	ASSERT_EQ(0, own(&self->h));
	sbuddy_owner_slot(self->h.o, 3)->private++;
	EXPECT_FOUND("names another slot");
}

CORRUPTION(owner_page_count_wrong)
{
	SETUP();
	ASSERT_EQ(0, own(&self->h));
	self->h.o->nr_pages++;
	EXPECT_FOUND("5 pages counted");
}

CORRUPTION(owner_slot_count_wrong)
{
	SETUP();
	ASSERT_EQ(0, own(&self->h));
	self->h.o->nr_slots++;
	EXPECT_FOUND("2 slots");
}

CORRUPTION(message_fits_a_small_buffer)
{
	char why[16];

	SETUP();
	ZONE(NORMAL)->free_area[10].nr_free++;
	memset(why, 'x', sizeof(why));
	EXPECT_EQ(-EUCLEAN, sbuddy_check(self->h.m, why, 8));
	EXPECT_EQ(7, strlen(why));
	EXPECT_EQ('x', why[8]);
}

TEST_HARNESS_MAIN
