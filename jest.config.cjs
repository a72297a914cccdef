/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  modulePathIgnorePatterns: ['<rootDir>/build', '<rootDir>/dist', '<rootDir>/prebuilds'],
  transform: {
    '^.+\\.[jt]s$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  // The peers of test/interop are ES modules, which jest runs only when they are transformed; mls-ts says nothing of
  // `require` in its exports.
  transformIgnorePatterns: ['/node_modules/(?!(ts-mls|mls-ts|@noble)/)'],
  moduleNameMapper: { '^node-mls$': '<rootDir>/lib/index.ts', '^mls-ts$': '<rootDir>/node_modules/mls-ts/dist/index.js' },
}
