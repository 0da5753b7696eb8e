// SPDX-License-Identifier: Apache-2.0
//
// What a recorded process leaves on disk, byte by byte: BASE.ring and BASE.spool. Little endian, no padding that
// is not named, every struct checked by static_assert. With docs/FORMAT.md (segment encoding, kinds) this is
// enough to write a reader.
//
// BASE.ring is mmap'ed shared by the process and always allocated before it is touched. It is a sequence of blocks
// of kBlockBytes; block 0 is RingFileHeader, which says where the others are. Five things live in it:
//   slots    one RingSlot per producing thread, 16 to a block; header.slot_blocks[i] is the offset of block i
//   rings    of a slot: `capacity` words at `data_offset`, see RingSlot
//   strings  string id -> StringRef in header.string_blocks, 8192 refs to a block; the ref is the offset and length
//            of the text
//   journal  a ring of bytes with what is not an event: lanes, meta, clock anchors, log lines (JournalRecord)
//   async    since 1.1, once one was started: the open ranges that belong to no thread (AsyncRangeEntry)
// plus named loss counters in the header itself.
//
// BASE.spool is SpoolHeader, then frames, each FrameHeader + payload, padded to 8. The drain thread moves what the
// rings and the journal hold into frames; one write per frame.
//
// Exactly once. Positions in a ring (in words) and in the journal (in bytes) only grow; position p is stored at
// p mod capacity. A frame says which positions [begin, end) it holds, and `tail` moves to `end` only after the whole
// frame is in the file; the producer never overwrites what is at or after `tail`. So a reader takes all whole frames,
// then from the ring [max(tail, end of the last frame of that ring), head). A torn last frame is simply not there:
// its words still are in the ring.
//
// Order of publication: data first, then the position that makes it visible (release store): ring words before `head`,
// text before its StringRef, the ref before string_count, a slot's fields before its `state`.
//
// Versions: another major is another format and is refused. A newer minor may append fields where a size is stored
// (header_bytes) and add frame types, journal types and flags, which a reader skips.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace stepscope::trace::spool {

inline constexpr char kRingMagic[8] = {'s', 't', 'e', 'p', 'r', 'i', 'n', 'g'};
inline constexpr char kSpoolMagic[8] = {'s', 't', 'e', 'p', 's', 'p', 'l', '\n'};
inline constexpr uint16_t kMajor = 1;
inline constexpr uint16_t kMinor = 1;

inline constexpr size_t kBlockBytes = 64 * 1024;

// Budgets. What does not fit is counted as loss, never waited for.
inline constexpr size_t kMaxSlots = 512;                       // threads recorded at the same time
inline constexpr size_t kMaxRingBytes = 128 * 1024 * 1024;     // all rings together
inline constexpr size_t kMaxRingBytesEach = 32 * 1024 * 1024;  // one ring; a power of two of blocks
inline constexpr size_t kMaxStrings = 131072;                  // ids 1 .. kMaxStrings - 1
inline constexpr size_t kMaxTextBytes = 32 * 1024 * 1024;      // all texts together
inline constexpr size_t kMaxStringBytes = 4096;                // one text; longer ones are cut
inline constexpr size_t kJournalBytes = 512 * 1024;
inline constexpr size_t kMaxMetaBytes = 128 * 1024;             // one value of meta; longer ones are cut
inline constexpr size_t kMaxRingFileBytes = 192 * 1024 * 1024;  // also the address space that is reserved
inline constexpr size_t kMaxLossCounters = 128;
inline constexpr size_t kMaxRangeDepth = 64;               // open ranges of a thread, see RingSlot::closed
inline constexpr size_t kMaxFrameBytes = 4 * 1024 * 1024;  // a reader refuses more

// ---- BASE.ring ----

// A named count of what was lost or refused. Unused when name[0] is 0. The name is NUL-terminated.
struct LossCounter {
  char name[56];
  uint64_t count;
};
static_assert(sizeof(LossCounter) == 64);

// Where a string is: bits 0..47 file offset of the text, bits 48..63 its length in bytes. 0 = no such string.
using StringRef = uint64_t;
inline constexpr unsigned kStringLengthShift = 48;

inline constexpr size_t kRefsPerBlock = kBlockBytes / sizeof(StringRef);
inline constexpr size_t kStringBlocks = kMaxStrings / kRefsPerBlock;

struct RingFileHeader {
  char magic[8];          // kRingMagic
  uint16_t major;         // kMajor
  uint16_t minor;         // kMinor
  uint32_t header_bytes;  // sizeof(RingFileHeader)
  uint64_t pair;          // random; the same in BASE.spool, so that strangers are not joined
  uint32_t pid;
  uint32_t block_bytes;    // kBlockBytes
  int64_t created_raw_ns;  // CLOCK_MONOTONIC_RAW
  int64_t created_real_ns;
  uint32_t slot_bytes;    // sizeof(RingSlot)
  uint32_t slot_count;    // slots in use or used once; slot i is in slot_blocks[i / slots per block]
  uint32_t string_count;  // ids 1 .. string_count exist
  uint32_t clean_end;     // 1 after close()
  uint64_t journal_offset;
  uint64_t journal_capacity;  // bytes
  uint64_t journal_head;      // bytes ever published
  uint64_t journal_tail;      // bytes that are whole frames of BASE.spool
  uint64_t async_offset;      // since 1.1: file offset of the table of AsyncRangeEntry, 0 = none
  uint32_t async_capacity;    // entries
  uint32_t async_lane;        // their lane
  uint64_t reserved[2];
  uint64_t slot_blocks[kMaxSlots * 4096 / kBlockBytes];  // file offsets, 0 = not there
  uint64_t string_blocks[kStringBlocks];
  LossCounter loss[kMaxLossCounters];
};
static_assert(offsetof(RingFileHeader, pair) == 16);
static_assert(offsetof(RingFileHeader, slot_count) == 52);
static_assert(offsetof(RingFileHeader, journal_offset) == 64);
static_assert(offsetof(RingFileHeader, async_offset) == 96);
static_assert(offsetof(RingFileHeader, slot_blocks) == 128);
static_assert(offsetof(RingFileHeader, string_blocks) == 384);
static_assert(offsetof(RingFileHeader, loss) == 512);
static_assert(sizeof(RingFileHeader) == 512 + 64 * kMaxLossCounters);
static_assert(sizeof(RingFileHeader) <= kBlockBytes);

// A range that is open on the slot's thread; fields as in the columns of kind range.
struct OpenRangeEntry {
  int64_t start_ns;
  uint32_t name;
  uint32_t domain;
  uint32_t category;
  uint16_t source;
  uint16_t payload_type;
  int64_t payload;
};
static_assert(sizeof(OpenRangeEntry) == 32);

enum AsyncState : uint32_t {
  kAsyncFree = 0,
  kAsyncFilling = 1,
  kAsyncOpen = 2,
  kAsyncClosing = 3,  // a thread is pushing its record
};

// A range that is started and ended by handle, perhaps on two threads, while it is open. Its end pushes the record to
// the ring of the thread that ends it. If the process dies between that and freeing the entry, the range would be there
// twice; therefore that thread first writes close_begin and close_serial, and a reader that finds the ring with this
// serial at a head beyond close_begin, or not at all, takes the entry as closed.
struct AsyncRangeEntry {
  uint32_t state;         // AsyncState
  uint32_t serial;        // number of this use of the entry
  uint32_t close_serial;  // RingSlot::serial, 0 while nobody ends it
  uint32_t reserved0;
  uint64_t close_begin;  // position of the record in that ring
  OpenRangeEntry range;
  uint64_t reserved1;
};
static_assert(sizeof(AsyncRangeEntry) == 64);
inline constexpr uint32_t kMaxAsyncRanges = 4096;

enum SlotState : uint32_t {
  kSlotFree = 0,      // no thread; its counters still count
  kSlotLive = 1,      // a thread writes here
  kSlotReleased = 2,  // the thread ended; the drain thread frees the slot when it is empty
};

inline constexpr size_t kSlotKinds = 64;  // kinds with their own drop counter; others share the last
inline constexpr uint64_t kNoPop = ~uint64_t{0};

// One producing thread. Its ring is `capacity` words (a power of two) at file offset `data_offset`; a record is
// RecordHeader followed by `count` column values of the kind, in the kind's order.
//
// Lines 0 and 3.. are written by the thread, line 2 by the drain thread. Nothing in them is read back while recording.
struct RingSlot {
  // line 0: fixed while the slot is live
  uint32_t state;   // SlotState
  uint32_t serial;  // number of this use of the slot, from 1, unique in the file; frames refer to it
  uint32_t lane;    // the thread's lane
  uint32_t tid;
  uint64_t data_offset;
  uint64_t capacity;
  uint64_t reserved0[4];
  // line 1: the producer
  uint64_t head;       // words ever published; the next record begins here
  uint32_t depth;      // open ranges, entries 0 .. depth - 1 of `open`
  uint32_t pop_index;  // entry that the record at pop_begin closes
  uint64_t pop_begin;  // position of the record of the latest pop, kNoPop after a push: see below
  uint64_t too_deep;   // ranges beyond kMaxRangeDepth
  uint64_t unmatched;  // pops without an open range
  uint64_t reserved1[3];
  // line 2: the drain thread
  uint64_t tail;            // words that are whole frames of BASE.spool
  uint64_t drained_events;  // records before tail
  uint64_t reserved2[6];
  // lines 3..: the producer
  uint64_t dropped[kSlotKinds];  // records refused because the ring was full, by kind; never reset
  uint64_t closed;               // bit i: entry i of `open` is closed already (popped below others)
  OpenRangeEntry open[kMaxRangeDepth];
  uint64_t reserved3[167];
};
// A pop publishes its record and then lowers `depth`. If the process dies between the two, the range would be
// there twice; therefore it first writes pop_index and pop_begin, and a reader that finds head > pop_begin != kNoPop
// takes entry pop_index as closed.
static_assert(offsetof(RingSlot, head) == 64);
static_assert(offsetof(RingSlot, tail) == 128);
static_assert(offsetof(RingSlot, dropped) == 192);
static_assert(offsetof(RingSlot, closed) == 704);
static_assert(offsetof(RingSlot, open) == 712);
static_assert(sizeof(RingSlot) == 4096);
static_assert(kMaxRangeDepth == 8 * sizeof(RingSlot::closed));
inline constexpr size_t kSlotsPerBlock = kBlockBytes / sizeof(RingSlot);
inline constexpr size_t kSlotBlocks = kMaxSlots / kSlotsPerBlock;
static_assert(sizeof(RingFileHeader::slot_blocks) == kSlotBlocks * sizeof(uint64_t));

// First word of a record. Records with equal headers have equal shape, so a frame groups by this word.
struct RecordHeader {
  uint16_t kind;
  uint8_t count;  // column values that follow
  uint8_t clock;  // Clock of all times in it
  uint32_t lane;  // never 0
};
static_assert(sizeof(RecordHeader) == sizeof(int64_t));

enum JournalType : uint16_t {
  kJournalLane = 1,    // LaneRecord, type, name (both NUL-terminated)
  kJournalMeta = 2,    // key, value (both NUL-terminated); a later record of the same key replaces it
  kJournalAnchor = 3,  // AnchorRecord
  kJournalLog = 4,     // int64 time_ns, text (NUL-terminated)
};

// Records of the journal begin at multiples of 8 and wrap at the end of the ring.
struct JournalRecord {
  uint32_t bytes;  // of the whole record, without padding
  uint16_t type;   // JournalType
  uint16_t reserved;
};
static_assert(sizeof(JournalRecord) == 8);

struct LaneRecord {
  uint32_t id;
  uint32_t tid;  // 0 when the lane is not a thread
};
static_assert(sizeof(LaneRecord) == 8);

struct AnchorRecord {
  int64_t monotonic_raw_ns;
  int64_t realtime_ns;
  int64_t monotonic_ns;
  int64_t boottime_ns;
  uint64_t tsc;      // 0 where there is none
  int64_t cupti_ns;  // 0 where it is not used; absent in format 1.0
};
static_assert(sizeof(AnchorRecord) == 48);

// ---- BASE.spool ----

struct SpoolHeader {
  char magic[8];  // kSpoolMagic
  uint16_t major;
  uint16_t minor;
  uint32_t header_bytes;  // sizeof(SpoolHeader); the first frame begins here
  uint64_t pair;          // as in BASE.ring
  uint32_t pid;
  uint32_t reserved0;
  int64_t created_raw_ns;
  int64_t created_real_ns;
  uint64_t reserved[2];
};
static_assert(sizeof(SpoolHeader) == 64);

enum FrameType : uint16_t {
  kFrameEvents =
      1,  // `segments` times (SegmentHeader + encoded segment): words [begin, end) of ring `serial`
  kFrameJournal = 2,  // bytes [begin, end) of the journal, unwrapped: JournalRecords, each padded to 8
  kFrameEnd = 3,      // no payload: the process ended in order; frames may still follow
};

inline constexpr uint32_t kFrameMagic = 0x6d617246;  // "Fram"

// Frames begin at multiples of 8.
struct FrameHeader {
  uint32_t magic;          // kFrameMagic
  uint32_t crc;            // CRC-32C of this header, with crc = 0, and of the payload
  uint16_t type;           // FrameType
  uint16_t header_bytes;   // sizeof(FrameHeader); the payload begins here
  uint32_t payload_bytes;  // without the padding to 8
  uint32_t serial;         // kFrameEvents: RingSlot::serial
  uint32_t segments;
  uint64_t begin;
  uint64_t end;
  uint64_t first_event;  // kFrameEvents: records of that ring before this frame
  uint32_t events;       // and in it
  uint32_t reserved;
};
static_assert(sizeof(FrameHeader) == 56);

struct SegmentHeader {
  uint16_t kind;
  uint8_t columns;
  uint8_t clock;  // Clock of all times in it, also of the next two
  uint32_t lane;
  uint32_t rows;
  uint32_t bytes;    // of the encoded segment that follows
  int64_t first_ns;  // least start
  int64_t last_ns;   // greatest end
};
static_assert(sizeof(SegmentHeader) == 32);

// ---- loss counters of this layer ----

inline constexpr char kLossRingFull[] = "ring.full.";     // + kind name: records that found their ring full
inline constexpr char kLossRingBudget[] = "ring.budget";  // threads without a ring
inline constexpr char kLossRangeTooDeep[] = "range.too_deep";  // ranges deeper than kMaxRangeDepth
inline constexpr char kLossRangeUnmatched[] = "range.unbalanced";
inline constexpr char kLossAsyncFull[] = "range.async_full";  // ranges beyond kMaxAsyncRanges
inline constexpr char kLossAsyncUnmatched[] = "range.unbalanced_end";
inline constexpr char kLossStringTable[] = "string.table_full";
inline constexpr char kLossStringCut[] = "string.cut";  // texts longer than kMaxStringBytes
inline constexpr char kLossJournalFull[] = "journal.full";
inline constexpr char kLossMetaCut[] = "meta.cut";
inline constexpr char kLossSpoolWrite[] = "spool.write_failed";  // attempts; the data stays in the ring
inline constexpr char kLossSpoolGone[] = "spool.file_lost";      // the program closed our files
inline constexpr char kLossBadEvent[] = "emit.refused";          // push() with an impossible shape
inline constexpr char kLossCounters[] = "loss.table_full";       // counts whose name found no room
// Found by the reader:
inline constexpr char kLossSpoolGap[] =
    "spool.events_missing";  // events of frames that are damaged or cut off
inline constexpr char kLossSpoolDamaged[] = "spool.damaged_bytes";
inline constexpr char kLossRingDamaged[] = "ring.damaged";    // rings whose rest could not be understood
inline constexpr char kLossRingMissing[] = "ring.missing";    // BASE.ring is missing or damaged: no strings
inline constexpr char kLossSpoolMissing[] = "spool.missing";  // BASE.spool is missing or damaged

}  // namespace stepscope::trace::spool
