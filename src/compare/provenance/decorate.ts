/** What a worker loads to decorate its job as the driver's is decorated. */
export { withProvenance as decorate } from './with-provenance.js';
