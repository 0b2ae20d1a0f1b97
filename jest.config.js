/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  // "#as-bind" resolves to src/vendor, as it does for the type checker.
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  // jest leaves a core to whoever watches, and with two cores that is half of them.
  maxWorkers: '100%',
  // Machines that run the tests are shared: a test that takes a second here may take ten.
  testTimeout: 60_000,
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  setupFilesAfterEnv: ['<rootDir>/test/helpers/hang-guard.js'],
  extensionsToTreatAsEsm: ['.ts'],
  // Scenarios import the package; tests of it mean its sources.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1', '^mmemu$': '<rootDir>/src/index.ts' },
  // Types are checked once by `npm run typecheck`, not again for every test file.
  transform: { '\\.ts$': ['ts-jest', { useESM: true, diagnostics: false, transpilation: true }] },
};
