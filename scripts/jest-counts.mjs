// Prints "PASSED FAILED" of a jest result file; a suite that could not be loaded counts as failed.
import { readFileSync } from 'node:fs';

const results = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
console.log(`${results.numPassedTests} ${failed}`);
