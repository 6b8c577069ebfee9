/**
 * The one layout of shared memory, compiled by both compilers: TypeScript imports it for the views, AssemblyScript
 * for the core. Plain integer constants only, so that both read it alike.
 *
 * Words that different threads write stand `LINE` bytes apart: x86 fetches cache lines in pairs, and a neighbour's
 * write would cost the owner its line. Each field says who writes it.
 *
 * @module
 */

/** Bytes between words of different writers. */
export const LINE = 128;
export const LINE_SHIFT = 7;

// ── What a taken item may be ────────────────────────────────────────────────────────────────────────────────────
/** Nothing there. No item is ever 0. */
export const EMPTY = 0;
/** Something is there, but another thread was faster. No item is ever -1. */
export const RETRY = -1;

// ── Chase-Lev deque (deque/README.md) ───────────────────────────────────────────────────────────────────────────
/** Thieves and, for the last item, the owner: compare-exchange upwards. */
export const DQ_TOP = 0;
/** Constant: capacity - 1. */
export const DQ_MASK = 4;
/** Owner: store. */
export const DQ_BOTTOM = 128;
/** Owner alone reads and writes: mirror of bottom, lower bound of top, copy of the mask. */
export const DQ_OWN_BOTTOM = 256;
export const DQ_OWN_TOP = 260;
export const DQ_OWN_MASK = 264;
export const DQ_SLOTS = 384;

// ── Single producer, many consumers (rings/README.md): injector levels and spill rings ──────────────────────────
/** Consumers: compare-exchange upwards. */
export const MC_HEAD = 0;
export const MC_MASK = 4;
/** Producer: store. */
export const MC_TAIL = 128;
/** Producer alone: mirror of tail, lower bound of head, copy of the mask. */
export const MC_OWN_TAIL = 256;
export const MC_OWN_HEAD = 260;
export const MC_OWN_MASK = 264;
export const MC_SLOTS = 384;

// ── Single producer, single consumer: completions and inboxes ───────────────────────────────────────────────────
/** Consumer: store. */
export const SC_HEAD = 0;
export const SC_MASK = 4;
/** Producer: store. */
export const SC_TAIL = 128;
/** Producer alone. */
export const SC_OWN_TAIL = 256;
export const SC_OWN_HEAD = 260;
export const SC_OWN_MASK = 264;
/** Consumer alone. */
export const SC_TAKEN = 384;
export const SC_SLOTS = 512;

// ── Event count (rings/README.md) ───────────────────────────────────────────────────────────────────────────────
/** Notifiers: add. */
export const EV_EPOCH = 0;
/** Waiters: add and subtract. */
export const EV_WAITERS = 128;
export const EV_BYTES = 256;

// ── Header ──────────────────────────────────────────────────────────────────────────────────────────────────────
export const HEADER = 1024;
/** Constant after start: checked by each worker, so that two versions of the library never share memory. */
export const H_VERSION = 0;
/** Coordinator: how many workers share the work (batches are cut by it). */
export const H_WORKERS = 4;
/** Coordinator: entries of the directory in use. */
export const H_BLOCKS = 8;
/** Constant: address of the task records. */
export const H_TASKS = 12;
/** Constant: address of the first injector level, and bytes from one level to the next. */
export const H_INJECTOR = 16;
export const H_LEVEL_STRIDE = 20;
/** Constant: offsets of the rings inside a worker block. */
export const H_SPILL = 24;
export const H_INBOX = 28;
export const H_COMPLETIONS = 32;
export const H_RESULTS = 36;
/** Constant: number of task records. */
export const H_SLOTS = 40;
/** Constant: address of the cold part of the task records. */
export const H_COLD = 44;
/** Constant: offsets of a worker's fork deque, fork spill ring and fork records inside its block; how many records. */
export const H_FORKS = 48;
export const H_FORK_SPILL = 52;
export const H_FORK_RECORDS = 56;
export const H_FORK_SLOTS = 60;
/** Constant: offset and size of the bytes of children's arguments and results inside a block. */
export const H_FORK_BYTES = 64;
export const H_FORK_BYTES_SIZE = 68;
/** Constant: address of the bits of threads that have ended. */
export const H_ENDED = 72;
/** Constant: cores this process may use. */
export const H_CORES = 76;
/** 1 while the coordinator sleeps on it or is about to; coordinator stores 1, whoever clears it must notify. */
export const H_ARMED = 128;
/** Coordinator: the grace-period epoch. */
export const H_EPOCH = 256;
/** 1 after children have gone to a spill ring; who finds all of these empty takes it back. Forking workers, pickers. */
export const H_OVERFLOWED = 320;
/** Searching workers, one bit each, 36 words: the worker itself, a waker on its behalf, the coordinator for the dead. */
export const H_SEARCHING = 384;
/** Parked workers, one bit each, 36 words: set by the worker, cleared by whoever wakes it. */
export const H_PARKED = 640;
/** 1 after a worker of `H_LOOPING` was woken, by whoever woke it (a worker rings, too); taken back by the coordinator. */
export const H_CALLED = 832;
/** Coordinator: 64 bytes, the level at which pick number n starts (policy of `src/scheduling`, as data). */
export const H_SCHEDULE = 896;
/** Coordinator: addresses of the worker blocks. */
export const H_DIRECTORY = 1024;
/** 1024 workers, and as many more as the bit words have room for: those of threads that have not ended. */
export const MAX_BLOCKS = 1152;
/** Workers parked in a join, one bit each, 36 words: set by the worker, cleared by whoever wakes it. */
export const H_JOINING = 5632;
/**
 * Workers that park with their event loop alive, one bit each, 36 words: set by the worker before it parks, cleared by it
 * when it is back. What they run meanwhile may keep them for long.
 */
export const H_LOOPING = 5888;
export const HEADER_BYTES = 6144;

/** Threads of which is known that they have ended: one bit each, by Node's number. Coordinator. */
export const ENDED_THREADS = 65536;

export const LEVELS = 4;
export const SCHEDULE_LENGTH = 64;
export const VERSION = 0x6d720005;

// ── Worker block ────────────────────────────────────────────────────────────────────────────────────────────────
/** 0 armed, 1 notified: the worker stores 0 before its parked bit shows, wakers store 1. */
export const W_PARK = 0;
/** Coordinator: what the worker is asked to do (`CMD_`). */
export const W_COMMAND = 128;
/** Coordinator: counts questions "are you turning?"; the worker answers in W_PONG. */
export const W_PING = 132;
/** Worker: last epoch seen at a task boundary. Coordinator, when its thread is gone: `NO_THREAD` epochs ahead. */
export const W_SEEN = 256;
export const NO_THREAD = 0x40000000;
export const W_PONG = 260;
/** Worker: slot + 1 of the task whose code is on the stack, 0 when none is. */
export const W_CURRENT = 264;
/** Worker: tasks run to an end, steals, parks, unfinished async tasks. */
export const W_EXECUTED = 268;
export const W_STEALS = 272;
export const W_PARKS = 276;
export const W_ASYNC = 280;
/** Worker: 1 when it ended its loop to be replaced, not because it was told to stop. */
export const W_LEFT = 284;
/** Worker: Node's number of its thread + 1. Coordinator: 0, when that has ended. */
export const W_THREAD = 304;
/** Worker: the system's number of its thread, where that is to be had; else 0. */
export const W_SYSTEM_THREAD = 308;
/** Worker, float64: milliseconds in task code; heap used at the last look. */
export const W_BUSY = 288;
export const W_HEAP = 296;
/** Constant. */
export const W_ID = 384;
/** Worker alone: pick counter, random state, whether it holds a search token, largest batch to claim. */
export const W_TICK = 388;
export const W_RANDOM = 392;
export const W_TOKEN = 396;
export const W_BATCH = 400;
/** Worker alone: address of the first free fork record; the submitted task (reference) and the stolen child (address of
 * its record, 0: none) whose code is on top of the stack. */
export const W_FORK_FREE = 404;
export const W_ROOT = 408;
export const W_UP = 412;
/** Worker: the last fork record listed as free; the highest ever, which recovery reads. */
export const W_FORK_LISTED = 416;
export const W_FORK_USED = 420;
/** Worker, 64 bits: its label while it sleeps in a wait for a lock, else 0 (src/sync/deadlock/cycle.ts). */
export const W_LABEL = 424;
/** Worker: the record of the child it waits for, while it sleeps in that join; else 0. */
export const W_JOINS = 432;
export const W_DEQUE = 512;

export const CMD_STOP = 1;
export const CMD_RECYCLE = 2;

// ── Result bytes: a byte ring, the worker writes, the coordinator frees ─────────────────────────────────────────
/** Coordinator: store. Position up to which bytes may be overwritten; positions grow without end. */
export const RB_HEAD = 0;
/** Constant. */
export const RB_MASK = 4;
/** Worker alone. */
export const RB_TAIL = 128;
export const RB_BYTES = 256;

// ── Task record, 64 bytes ───────────────────────────────────────────────────────────────────────────────────────
export const TASK_BYTES = 64;
export const TASK_SHIFT = 6;
/** generation << 14 | owner << 3 | state. The truth about the task. */
export const T_STATE = 0;
/** Function number, 0 = inline source. */
export const T_FN = 4;
/** Argument count, kinds and flags (`META_`). */
export const T_META = 8;
/** Argument bytes: address and length. Coordinator. */
export const T_PAYLOAD = 12;
export const T_LENGTH = 16;
/** Worker: what the result is (`RESULT_`). */
export const T_RESULT_KIND = 20;
/** Four float64 arguments. Coordinator. They stay: a second attempt reads them again. */
export const T_ARGS = 24;
/** Worker: the number, or (as int32) address and length of result bytes. */
export const T_RESULT = 56;
export const T_RESULT_LENGTH = 60;

/** Cold part of a record, for tasks with a time limit or a signal. */
export const COLD_BYTES = 32;
/** Worker, float64: when the code started, ms by `sharedNow`. */
export const C_STARTED = 0;
/** Coordinator: not 0 when the task is asked to stop. */
export const C_CANCEL = 8;
/** Worker: end position of the result bytes in its byte ring. */
export const C_RESULT_END = 12;

// ── Fork record (forks/README.md), 256 bytes: children of the tasks a worker runs, in its own block ────────────────────
export const FORK_BYTES = 256;
export const FORK_SHIFT = 8;
/** As T_STATE; the owner is the worker that runs the child. Of FREE records the generation they will have. */
export const F_STATE = 0;
/** Forking worker. Function number; argument count and flags (`FORK_`); four bits of kind for each argument. */
export const F_FN = 4;
export const F_META = 8;
export const F_KINDS = 12;
/** Forking worker: the submitted task it descends from (reference); the stolen record above it, 0: none; its place among
 * the children that wait for their joins, from 1. */
export const F_ROOT = 16;
export const F_UP = 20;
export const F_PLACE = 24;
/** Not 0 when the child is asked to stop: the forking worker, or the coordinator when that is dead. */
export const F_CANCEL = 28;
/** Forking worker: encoded arguments. */
export const F_PAYLOAD = 32;
export const F_LENGTH = 36;
/** Who runs it: what the result is, or where its bytes are. */
export const F_RESULT_KIND = 40;
export const F_RESULT_LENGTH = 44;
/** The item under which an entry of a queue names the record: forking worker. 0 again: whoever took the entry. */
export const F_SPILLED = 48;
/** As F_KINDS, of the arguments from the ninth on. */
export const F_KINDS_REST = 52;
/** Forking worker: its number. */
export const F_OWNER = 56;
/** Forking worker alone: the next free record. */
export const F_NEXT = 60;
/** The result, or (as int32) the address of its bytes. Its own line: the thief writes it. */
export const F_RESULT = 64;
export const F_ARGS = 72;
export const FORK_ARG_SLOTS = 20;
/**
 * Coordinator: the FAILED word of an attempt whose thread was given up. No word that thread writes, which may come to
 * itself at any moment, and be anywhere.
 */
export const F_STUCK = 232;
/** A result that is a view on shared memory of the user's: where it begins, and its length. */
export const F_RESULT_FROM = 240;
export const F_RESULT_SIZE = 248;

/** Some arguments are bytes; some are shared memory of the user's; the joiner awaits it with its event loop. */
export const FORK_ENCODED = 0x100;
export const FORK_SHARED = 0x200;
export const FORK_AWAITED = 0x400;
/** Not all arguments are numbers: F_KINDS says what they are. */
export const FORK_KINDS = 0x800;
/** Most arguments a record holds; the kinds of those from the ninth on are in F_KINDS_REST. */
export const FORK_ARGS = 15;
/** As KIND_, for children: the argument is in the bytes; it is shared memory: three slots. */
export const KIND_BYTES = 5;
export const KIND_SHARED = 6;

/** The thread that ran the child has ended. */
export const RESULT_SHARED = 12;
export const RESULT_CRASHED = 10;
/** Who had claimed the child gave it back, or died: it waits, and no entry of a queue names it. */
export const RESULT_RETURNED = 14;
/** What it threw did not fit into the bytes its thread has for such. */
export const RESULT_NO_ROOM = 13;

export const SLOT_BITS = 14;
export const SLOT_MASK = 0x3fff;
export const MAX_SLOTS = 16383;
export const GENERATION_MASK = 0x3ffff;
export const STATE_MASK = 0x7;
export const OWNER_SHIFT = 3;
export const OWNER_MASK = 0x7ff;
/** The owner of a task nobody has claimed. */
export const NOBODY = 0x7ff;

export const FREE = 0;
export const QUEUED = 1;
/** Taken, code not started: the arguments are being decoded. */
export const CLAIMED = 2;
export const RUNNING = 3;
/** The function returned a promise that is not settled. */
export const PENDING = 4;
export const DONE = 5;
export const FAILED = 6;
export const CANCELLED = 7;

/** The record carries all arguments itself: the code starts in the same step that claims the task. */
export const META_INLINE = 0x100;
/** Write C_STARTED when the code starts. */
export const META_TIMED = 0x200;
/** The arguments come through the worker's port. */
export const META_PORT = 0x400;
/** The arguments are bytes in the arena. */
export const META_ENCODED = 0x800;
/** Coordinator only: the task may be started again after its worker has died. */
export const META_IDEMPOTENT = 0x1000;
/** The bytes in the arena are a chunk: several calls, and room for what they return (`CH_`). Goes with META_ENCODED. */
export const META_CHUNK = 0x2000;
/** Two bits: the task's level. */
export const META_LEVEL = 0xc000;
export const META_LEVEL_SHIFT = 14;
/** Low 4 bits: number of inline arguments; from bit 16, four bits of kind for each of up to four. */
export const META_COUNT = 0xf;
export const META_KINDS = 16;

export const KIND_NUMBER = 0;
export const KIND_UNDEFINED = 1;
export const KIND_NULL = 2;
export const KIND_TRUE = 3;
export const KIND_FALSE = 4;

/** As KIND_ for inline results; then bytes in the worker's ring; then through the port. */
export const RESULT_BYTES = 8;
export const RESULT_PORT = 9;

// ── Chunk: several inputs of one `map`, in the arena. Its record stands for the item that began last. ───────────────
/** How many items have begun; `CH_CLOSED` when no more may. Worker: compare-exchange upwards. Both: or. */
export const CH_CLAIM = 0;
export const CH_CLOSED = 0x40000000;
/** Worker: of how many the outcome is in the chunk, from the first on. All that have begun, or all but the last. */
export const CH_DONE = 4;
/** Coordinator: number of items. */
export const CH_COUNT = 8;
/** Worker: why it closed the chunk (`WHY_`). */
export const CH_WHY = 12;
/** Worker, float64: milliseconds in the items' code. */
export const CH_BUSY = 16;
/** Worker: bytes of the outcome there was no room for. */
export const CH_LACKED = 24;
/** Coordinator: where the room for outcomes begins and how many bytes it has. */
export const CH_ROOM = 28;
export const CH_ROOM_BYTES = 32;
export const CH_ITEMS = 40;
/** An item: the number, or place in the chunk and length of its bytes; its kind. The outcome replaces the input. */
export const CH_ITEM_BYTES = 16;
export const CI_VALUE = 0;
export const CI_LENGTH = 4;
export const CI_KIND = 8;

/** Every item has begun. */
export const WHY_ALL = 0;
/** The last one returned a promise. */
export const WHY_PROMISE = 1;
/** The outcome of the last one does not fit into the chunk. */
export const WHY_ROOM = 2;
/** The last one threw. */
export const WHY_FAILED = 3;
/** They took longer than was expected of them. */
export const WHY_TIME = 4;
/** The coordinator closed the chunk, or asked it to stop. */
export const WHY_TOLD = 5;
