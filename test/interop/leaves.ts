// Where members sit in the ratchet tree: RFC 9420 §12.1.1 (an Add takes the leftmost blank leaf) and §12.1.3 (a Remove
// blanks one, and the tree shrinks while its right half is empty).

export class Leaves<Member> {
  #leaves: (Member | null)[] = []

  add(member: Member): void {
    const blank = this.#leaves.indexOf(null)
    if (blank >= 0) this.#leaves[blank] = member
    else this.#leaves.push(member)
  }

  remove(members: readonly Member[]): void {
    this.#leaves = this.#without(members)
  }

  /**
   * emptiesHalf says whether the left half of the tree is empty once these are gone. Members to the right then have no
   * root in their filtered direct path (RFC 9420 §4.1.2).
   */
  emptiesHalf(members: readonly Member[]): boolean {
    const left = this.#without(members)
    const half = 2 ** Math.ceil(Math.log2(Math.max(1, left.length))) / 2
    return left.slice(0, half).every((leaf) => leaf === null)
  }

  #without(members: readonly Member[]): (Member | null)[] {
    const leaves = this.#leaves.map((leaf) => (leaf !== null && members.includes(leaf) ? null : leaf))
    while (leaves.at(-1) === null) leaves.pop()
    return leaves
  }
}
