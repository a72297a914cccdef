// A file that cannot be used, told so that the reader can mend it: file, line, reason.

export class InputError extends Error {
  /** `line` counts from 1; 0 stands for the file as a whole. */
  constructor(file: string, line: number, reason: string) {
    super(line > 0 ? `${file}:${line}: ${reason}` : `${file}: ${reason}`)
    this.name = 'InputError'
  }
}
