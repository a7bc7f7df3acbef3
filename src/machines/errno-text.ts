// The kernel's errors as commands print them at the end of what they say, in the C locale: glibc's words (strerror(3)), musl's
// where they differ, and dash's own. A name within the message cannot pass for one: it never stands last.

const words = {
  ENOENT: ['No such file or directory', 'Directory nonexistent', 'nonexistent directory'],
  ENOTDIR: ['Not a directory'],
  EACCES: ['Permission denied'],
  EPERM: ['Operation not permitted'],
  EEXIST: ['File exists', 'cannot overwrite existing file'],
  ELOOP: ['Too many levels of symbolic links', 'Symbolic link loop', 'Too many symbolic links encountered'],
  EROFS: ['Read-only file system'],
  EXDEV: ['Invalid cross-device link', 'Cross-device link'],
  EIO: ['Input/output error', 'I/O error'],
  EMFILE: ['Too many open files'],
  ENOSPC: ['No space left on device'],
  EDQUOT: ['Disk quota exceeded', 'Quota exceeded'],
  EISDIR: ['Is a directory'],
} as const;
export type Errno = keyof typeof words;

/** Of the last line that says one. */
export function errnoIn(says: string): Errno | undefined {
  const lines = says.trimEnd().split('\n').reverse();
  for (const line of lines)
    for (const [errno, known] of Object.entries(words))
      if (known.some((word) => line.endsWith(word))) return errno as Errno;
  return undefined;
}
