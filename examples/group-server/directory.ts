// Who may be a member: the application's own word on credentials (RFC 9420 §5.3.1). This one knows names; a real one
// would know their signature keys too.
import type { Authenticate, Credential } from 'node-mls'
import type { Identity } from './roster'

export class Directory {
  readonly #known: Set<Identity>

  constructor(known: Iterable<Identity>) {
    this.#known = new Set(known)
  }

  /** authenticate answers a batch of questions; it goes to `Client.open`. */
  readonly authenticate: Authenticate = (questions) => questions.map(({ credential }) => this.#known.has(nameOf(credential)))
}

/** nameOf gives the identity of a basic credential; nothing else has a name here. */
function nameOf(credential: Credential): Identity {
  return credential.type === 'basic' ? Buffer.from(credential.identity).toString() : ''
}
