// Turns of the event loop.

/** turns counts those that pass while `work` is under way. */
export async function turns(work: () => Promise<unknown>): Promise<number> {
  let count = 0
  let on = true
  const tick = (): void => {
    count += 1
    if (on) setImmediate(tick)
  }
  setImmediate(tick)
  try {
    await work()
  } finally {
    on = false
  }
  return count
}
