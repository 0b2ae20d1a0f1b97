import { replayGroup } from './replay.js';

replayGroup('mremap');
