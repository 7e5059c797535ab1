/** Lessons about the error codes of what comes in and goes out. */
import type { Lesson } from './lessons.js';

export const INPUT_LESSONS = {
  RG040: {
    title: 'a file that cannot be used',
    text: `
The file is missing, or permissions forbid it. A path in a job or a URI is taken from the
folder in which raingauge was started, not from that of the job file.

  --source lines=file:../data/book.txt`,
    see: ['RG041', 'RG006'],
  },
  RG041: {
    title: 'a folder is not a file',
    text: `
The path of a text file leads to a folder. Name a file in it. (The sink textFile is the
other way round: it takes a folder and writes a file for each interval.)`,
    see: ['RG040'],
  },
  RG042: {
    title: 'bytes that are no text',
    text: `
Text is UTF-8. By default an invalid sequence becomes U+FFFD and the line is counted;
textFile(path, { invalidUtf8: 'fail' }) stops the job with this error, so that a file in
another encoding does not pass unnoticed. To convert one:

  iconv -f latin1 -t utf8 book.txt > book-utf8.txt`,
    see: ['RG044'],
  },
  RG043: {
    title: 'the other side is not there, or went away',
    text: `
Nobody listens at that host and port, or the connection broke and could not be made again.
For a first try, start a server that sends what you type, then the job:

  nc -lk 9999
  raingauge run job.ts --mode record --source lines=tcp://localhost:9999

A connection that breaks is made again a few times with growing waits, as Spark's receiver
does. What was sent in between is lost: a socket cannot be read again.`,
    see: ['RG006', 'guarantee'],
  },
  RG044: {
    title: 'a line without an end',
    text: `
A line is longer than lineBytesMax (1 MiB): mostly a binary file, or one without line
ends. Raise the limit if the lines are meant to be that long:

  textFile('wide.csv', { lineBytesMax: 16 * 1024 * 1024 })`,
    see: ['RG042'],
  },
  RG045: {
    title: 'there was nothing to do',
    text: `
Every source ended without a single record: an empty file, an empty pipe, or a filter in
front of it that let nothing pass. A job that did nothing has exit code 1, since a success
would hide that. --source NAME=none: says that you mean it.`,
    see: ['RG040'],
  },
  RG046: {
    title: 'a sink that cannot write',
    text: `
The disk is full, permissions forbid it, or the other side closed. The job stops, since
results would be lost. A closed pipe (| head) is no error: the job ends quietly.`,
    see: ['RG040'],
  },
  RG048: {
    title: 'bytes that are not of their format',
    text: `
A source has a format (json, csv, avro, …), and a record is not of it. By default the job
goes on: the record counts as done, and stands among the dead letters with its place, the
reason and its first bytes (base64). With onUndecodable: 'fail' the job stops with this
error. A schema that cannot be read stops the job before anything is opened.

  raingauge run job.ts --mode record --source orders=file:orders.jsonl?format=json --json

To see what the bytes were: base64 -d.`,
    see: ['RG042', 'RG044'],
  },
  RG049: {
    title: 'a result that cannot go where it should',
    text: `
A sink has a format, and a result has no form in it: a function in JSON, a missing column
in CSV, an object that does not fit an Avro schema. Map results first.

The other side of a webhook answered 4xx: it will not take these results however often
they come. They are among the dead letters, with the answer, and the job goes on.`,
    see: ['RG048', 'RG046'],
  },
} satisfies Readonly<Record<string, Lesson>>;
