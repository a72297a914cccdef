// Two names of the browser's type library that the declarations of ts-mls use and that Node's have under webcrypto.
type CryptoKey = import('node:crypto').webcrypto.CryptoKey
type BufferSource = import('node:crypto').webcrypto.BufferSource
