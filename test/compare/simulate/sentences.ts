/** A job of spouts and bolts: sentences are split, words are counted as they come, and what fails is emitted again. */
import { type Bolt, type MessageId, type Spout, seconds, topology } from 'raingauge';
import { none } from 'raingauge/sinks';

type Sentence = { sentence: string };
type Word = { word: string };

const SENTENCES = ['call me ishmael', 'some years ago', 'never mind how long', 'having little or no money'];

/** Emits sentences, and again what failed. */
function sentences(): Spout<Sentence> {
  const again: MessageId[] = [];
  let next = 0;
  return {
    nextTuple(collector) {
      const id = again.shift() ?? next++;
      collector.emit({ sentence: `${SENTENCES[Number(id) % SENTENCES.length]} ${id}` }, id);
    },
    fail: (id) => void again.push(id),
  };
}

const split: Bolt<Sentence, Word> = {
  execute(tuple, collector) {
    for (const word of tuple.values.sentence.split(' ')) collector.emit({ word }, tuple);
    collector.ack(tuple);
  },
};

const shout: Bolt<Word, Word> = {
  execute(tuple, collector) {
    collector.emit({ word: tuple.values.word.toUpperCase() }, tuple);
    collector.ack(tuple);
  },
};

/** `create` makes another splitting bolt: a test breaks the job with it. */
export function sentencesJob(create: () => Bolt<Sentence, Word> = () => split, parallelism = 2) {
  return topology('sentences', { batchInterval: seconds(0.5) }, (t) => {
    const from = t.setSpout('sentences', sentences);
    const words = t.setBolt('split', create, { parallelism }).shuffleGrouping(from);
    t.setBolt('shout', () => shout, { parallelism: 2 })
      .fieldsGrouping(words, 'word')
      .to('words', none());
  });
}

export default sentencesJob();
