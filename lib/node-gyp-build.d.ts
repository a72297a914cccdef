declare module 'node-gyp-build' {
  /** Finds and loads the addon: build/Release of a checkout, or prebuilds/ of the package. */
  function load(root: string): unknown
  export = load
}
