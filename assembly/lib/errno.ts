/**
 * Errors as negative results, with the numbers of Linux on x86-64 (Linux: errno-base.h, errno.h).
 */
export const EPERM: i32 = 1;
export const ENOENT: i32 = 2;
export const EINTR: i32 = 4;
export const EIO: i32 = 5;
export const ENXIO: i32 = 6;
export const EBADF: i32 = 9;
export const EAGAIN: i32 = 11;
export const ENOMEM: i32 = 12;
export const EACCES: i32 = 13;
export const EFAULT: i32 = 14;
export const EBUSY: i32 = 16;
export const EEXIST: i32 = 17;
export const ENODEV: i32 = 19;
export const ENOTDIR: i32 = 20;
export const EISDIR: i32 = 21;
export const EINVAL: i32 = 22;
export const EMFILE: i32 = 24;
export const ETXTBSY: i32 = 26;
export const EFBIG: i32 = 27;
export const ENOSPC: i32 = 28;
export const ESPIPE: i32 = 29;
export const EPIPE: i32 = 32;
export const EDEADLK: i32 = 35;
export const ENAMETOOLONG: i32 = 36;
export const EOVERFLOW: i32 = 75;
export const EOPNOTSUPP: i32 = 95;

/**
 * Not an error of Linux: a system call that waits for the clock returns it and expects to be
 * continued once the clock has advanced (see kernel/timer.ts).
 */
export const ESLEEP: i32 = 4095;
