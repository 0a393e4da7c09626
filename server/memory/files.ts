/** The folder in which a server keeps things for its next run, as it sees it. */

/** A file that is written on. */
export interface StateFile {
  /** @throws Error  it cannot be written */
  append(text: string): Promise<void>
  close(): Promise<void>
}

export interface StateFiles {
  /** Where a file is, for people. */
  pathOf(name: string): string
  /**
   * The text of a file that nobody else can have written; `undefined`: it is not there.
   *
   * @throws Error  it cannot be read, or may not be believed: says why
   */
  read(name: string, bytesMax: number): string | undefined
  /**
   * Puts a file of this text in the place of what has its name; a cut leaves the one before.
   *
   * @throws Error  it cannot be written
   */
  replace(name: string, text: string): Promise<StateFile>
  /**
   * Gives a file another name, in the place of what has it. One that is not there has none.
   *
   * @throws Error  it cannot be done
   */
  rename(from: string, to: string): Promise<void>
}
