/** As thread.ts, in a browser: the first message says what to do. */
import type { ThreadData } from './protocol.js';
import { serveStress } from './serve.js';

addEventListener('message', (event: MessageEvent<ThreadData>) => {
  void serveStress(event.data, (message) => postMessage(message));
});
