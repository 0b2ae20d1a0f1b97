import { replayGroup } from './replay.js';

replayGroup('swap', { swap: '4MiB' });
