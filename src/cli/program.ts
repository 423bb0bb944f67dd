import { Command, CommanderError, Option } from 'commander'
import { suggest } from '../base/did-you-mean.ts'
import { usageError } from '../base/errors.ts'
import { errorPolicies, runModes } from '../run/options.ts'
import { checkCommand } from './check-command.ts'
import { guardAgainstCrashes } from './crash-guard.ts'
import { explainCommand } from './explain-command.ts'
import { collectParam, parseCount, parseDisk, parseMemory, parseSeconds, parseSeed } from './option-values.ts'
import { queryCommand } from './query-command.ts'
import { reportError } from './report.ts'
import { runCommand } from './run-command.ts'
import { diffRunsCommand, listRunsCommand, showRunCommand } from './runs-command.ts'
import { simulateCommand } from './simulate-command.ts'
import { collectCrash, collectInputSize, collectKill, collectStageOutput, parseShare } from './simulate-options.ts'
import { guardStandardStreams, writeOut } from './standard-output.ts'

/** The command line. Exit codes: 0 ok, 1 run failed, 2 usage or check errors, 3 bad data, 4 source or sink, 5 resources, 70 bug, 130 and 143 signals. */
export async function main(argv: readonly string[], version: string): Promise<void> {
  guardStandardStreams()
  const { commandEnded } = guardAgainstCrashes()
  // Help is kept until it can be written like all output: it may not fit on the disk either.
  const help: string[] = []
  const output = { outputError: () => {}, writeOut: (text: string) => void help.push(text) }
  const program = new Command('millrace')
    .description('Dataflow pipelines for TypeScript: from .flow text or code, planned, explained, run.')
    .version(version, '-V, --version')
    .showSuggestionAfterError()
    // Else `runs` would take the options of its commands.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput(output)
    .addHelpText('after', `\nExamples:\n${examples.join('\n')}`)
  const file = '<file>'
  const fileHelp = 'a .flow file, or a TypeScript module with a pipeline'
  const givenHelp = `${fileHelp}; without it and without -e, a query on standard input`

  planOptions(program.command('run').description('run a program').argument(file, fileHelp))
    .addOption(formatOption())
    .option('--output <name>', 'which of several outputs to print, by name or number from 1')
    .option(
      '--resume',
      'go on with the interrupted run of this program and these parameters, if there is one, in its mode; else one in serial or hybrid mode',
    )
    .option('--incremental', 'run by epochs of changes and emit changes only (with --once)')
    .option('--once', 'end after the last epoch of the input')
    .option('--sorted', 'put rows without a defined order in the order of all columns')
    .option('--rows <n>', 'rows shown of a table', parseCount('--rows', 0), 20)
    .option(
      '--hang-timeout <seconds>',
      'a worker that is silent for so long is ended, and its work done again; default 600',
      parseSeconds('--hang-timeout'),
    )
    .option(
      '--chaos <seed>',
      'let a few faults strike the workers, drawn from this seed; the rows are the same',
      parseSeed('--chaos'),
    )
    .option('--events <file>', 'add what happens to this file, a line of JSON an event')
    .option('--quiet', 'no progress and no summary')
    .action(runCommand)
  const explain = program.command('explain').description('show the plan, and the reason for every decision')
  planOptions(explain.argument('[file]', givenHelp))
    .option('-e, --expression <text>', 'the query')
    .addOption(new Option('--format <format>', 'how the answer is printed').choices(['text', 'json']).default('text'))
    .addOption(new Option('--costs <state>', 'show estimates').choices(['on', 'off']).default('on'))
    .option('--incremental', 'plan for epochs of changes')
    .option('--analyze', 'run the program, and show what each part of it did; its results and files are thrown away')
    .action(explainCommand)
  const check = program.command('check').description('check a program: names, types and files, without running it')
  planOptions(check.argument('[file]', givenHelp))
    .option('-e, --expression <text>', 'the query')
    .option('--incremental', 'check for a run by epochs of changes')
    .addOption(new Option('--format <format>', 'how the answer is printed').choices(['text', 'json']).default('text'))
    .action(checkCommand)
  planOptions(program.command('query').description('run a query and print its rows').argument('[file]', givenHelp))
    .option('-e, --expression <text>', 'the query')
    .option('--tables <file>', 'JSON file with tables that the query may name')
    .addOption(formatOption())
    .option('--output <name>', 'which of several outputs to print, by name or number from 1; default the last')
    .option('--sorted', 'put rows without a defined order in the order of all columns')
    .option('--rows <n>', 'rows shown of a table', parseCount('--rows', 0), 20)
    .option('--quiet', 'no progress and no summary')
    .action(queryCommand)
  simulateOptions(program.command('simulate').description('run the plan on an imagined cluster').argument(file, fileHelp)).action(
    simulateCommand,
  )
  addRunsCommand(program)
  for (const command of program.commands) {
    command
      .exitOverride()
      .configureOutput(output)
      .addHelpText('after', `\nExamples:\n${examplesOf(command.name())}`)
    for (const each of command.commands)
      each
        .exitOverride()
        .configureOutput(output)
        .addHelpText('after', `\nExamples:\n${examplesOf(`${command.name()} ${each.name()}`)}`)
  }

  try {
    if (argv.length <= 2) program.help({ error: true })
    checkHelpTopic(program, argv)
    checkRunsTopic(program, argv)
    await program.parseAsync(argv)
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) reportError(thrown, {})
    else if (thrown.exitCode === 0) await writeOut(help).catch((failed) => reportError(failed, {}))
    else commanderEnd(thrown, helpCommand(program, argv))
  } finally {
    commandEnded()
  }
}

/** `runs` by itself lists; what it can be asked further are commands of its own. */
function addRunsCommand(program: Command): void {
  const options = (command: Command): Command =>
    command
      .addOption(new Option('--format <format>', 'how the answer is printed').choices(['text', 'json']).default('text'))
      .option('--cwd <folder>', 'a folder of the project whose runs are meant; default the working directory')
  const runs = program.command('runs').description('list the runs of the project, newest first; the last hundred are kept')
  options(runs).enablePositionalOptions().action(listRunsCommand)
  const name = 'the name of the run, or the beginning of it'
  options(runs.command('show').description('show what a run did, beside its plan').argument('<run>', name)).action(showRunCommand)
  options(
    runs.command('diff').description('say what changed between two runs').argument('<a>', name).argument('<b>', 'the other one'),
  ).action(diffRunsCommand)
}

/** The options that decide what the plan is. */
function planOptions(command: Command): Command {
  return command
    .addOption(paramOption())
    .addOption(new Option('--backend <name>', 'where to run').choices(['auto', 'inline', 'threads']).default('auto'))
    .option('--workers <n>', 'number of workers', parseCount('--workers', 1))
    .addOption(
      new Option(
        '--isolation <kind>',
        'what workers are: threads, or processes, for code that may crash or need too much memory; default thread',
      ).choices(['thread', 'process']),
    )
    .addOption(
      new Option(
        '--mode <mode>',
        'stage by stage; each stage as soon as it has input (hybrid); or all stages of a region together',
      )
        .choices(runModes)
        .default('auto'),
    )
    .option('--memory <size>', 'memory budget, as 512MB or 2GB, at least 4MB; default half of the machine', parseMemory)
    .option(
      '--disk <size>',
      'most that files between stages and spilled rows may take, as 10GB; default what the disk has',
      parseDisk,
    )
    .option('--cwd <folder>', 'folder that data paths start from')
    .addOption(
      new Option('--on-error <policy>', 'a row that fails ends the run, is left out, or is left out and written').choices(
        errorPolicies,
      ),
    )
    .option('--dead-letters <file>', 'where rows that failed are written, as JSON lines; means --on-error dead-letter')
    .option(
      '--max-errors <n>',
      'so many rows may fail; one more ends the run',
      parseCount('--max-errors', 0, Number.MAX_SAFE_INTEGER),
    )
    .addOption(disableRuleOption())
    .option('--check-plans', 'validate the plan after each rule')
}

const paramOption = (): Option =>
  new Option('--param <name=value>', 'value of a parameter; may be given several times').argParser(collectParam)

const disableRuleOption = (): Option =>
  new Option('--disable-rule <name>', 'plan without this rule; may be given several times').argParser(
    (name, names: readonly string[] = []) => [...names, name],
  )

/** What a cluster consists of, what lies on it, and what goes wrong. */
function simulateOptions(command: Command): Command {
  const several = 'may be given several times'
  return command
    .option('--machines <n>', 'machines, with one worker each; default 100', parseCount('--machines', 1))
    .option('--racks <n>', 'racks; default one for 40 machines', parseCount('--racks', 1))
    .option('--cluster <file>', 'JSON file with what differs from the usual hardware')
    .addOption(
      new Option('--input-size <[source=]size>', `size of a source, as its path stands in the program; ${several}`).argParser(
        collectInputSize,
      ),
    )
    .addOption(
      new Option('--stage-output <stage=size>', `what a stage makes, in place of the estimate; ${several}`).argParser(
        collectStageOutput,
      ),
    )
    .addOption(
      new Option('--seed <n>', 'seed of chance; the same one gives the same run').argParser(parseSeed('--seed')).default(1),
    )
    .option('--seeds <n>', 'so many runs with seeds from --seed on; tells medians', parseCount('--seeds', 1), 1)
    .addOption(new Option('--kill <count@time>', `ends workers, as 200@280s; ${several}`).argParser(collectKill))
    .addOption(
      new Option('--crash <count@time[+down]>', `stops machines for a while, as 3@2min+10min; ${several}`).argParser(
        collectCrash,
      ),
    )
    .addOption(
      new Option('--bad-messages <share>', 'share of messages lost, torn, doubled or late, as 1%')
        .argParser(parseShare)
        .default(0),
    )
    .option('--no-backup', 'start no slow task a second time')
    .option('--no-locality', 'do not tell the coordinator where input lies')
    .addOption(paramOption())
    .option('--cwd <folder>', 'folder that data paths start from')
    .addOption(disableRuleOption())
    .option('--svg <file>', 'draw input, shuffle and output over time')
    .addOption(new Option('--format <format>', 'how the answer is printed').choices(['text', 'json']).default('text'))
}

const formatOption = (): Option =>
  new Option('--format <format>', 'how rows are printed').choices(['table', 'csv', 'json', 'jsonl']).default('table')

/** What shows the help that a mistake calls for: that of the command, where one was given. */
function helpCommand(program: Command, argv: readonly string[]): string {
  const command = program.commands.find((each) => each.name() === argv[2])
  if (command === undefined) return 'millrace --help'
  const part = command.commands.find((each) => each.name() === argv[3])
  return `millrace ${command.name()}${part === undefined ? '' : ` ${part.name()}`} --help`
}

/** Commander shows the general help for a command that it does not know. */
function checkHelpTopic(program: Command, argv: readonly string[]): void {
  const [, , command, topic] = argv
  const names = program.commands.map((each) => each.name())
  if (command !== 'help' || topic === undefined || topic.startsWith('-') || names.includes(topic) || topic === 'help') return
  throw usageError('USAGE_ARGUMENT', `unknown command '${topic}'`, {
    hint: suggest(topic, names, `the commands are ${names.join(', ')}`),
  })
}

/** Commander would say of a word after `runs` that there is one too many. */
function checkRunsTopic(program: Command, argv: readonly string[]): void {
  const [, , command, topic] = argv
  if (command !== 'runs' || topic === undefined || topic.startsWith('-')) return
  const names = program.commands.find((each) => each.name() === 'runs')?.commands.map((each) => each.name()) ?? []
  if (names.includes(topic) || topic === 'help') return
  throw usageError('USAGE_ARGUMENT', `unknown command 'runs ${topic}'`, {
    hint: suggest(topic, names, 'the commands are runs, runs show NAME and runs diff A B'),
  })
}

function commanderEnd(error: CommanderError, help: string): void {
  if (error.code === 'commander.help') {
    process.exitCode = 2
    return
  }
  const { message, hint } = inHouseStyle(error.message, help)
  reportError(usageError('USAGE_ARGUMENT', message, { hint }), {})
}

const quoted = (name: string): string => `'${name}'`

/** Commander speaks in several sentences with capitals; ours are one message and one hint. */
function inHouseStyle(text: string, help: string): { message: string; hint: string } {
  const [first, suggestion] = text.replace(/^error: /, '').split('\n')
  const [message, details] = first.replace(/\.$/, '').split('. ')
  const near = /^\(Did you mean (?:one of )?(.*)\?\)$/.exec(suggestion ?? '')
  if (near !== null) return { message, hint: `did you mean ${near[1].split(', ').map(quoted).join(' or ')}?` }
  const choices = /^Allowed choices are (.*)$/.exec(details ?? '')?.[1]
  const found = /argument '(.*)' is invalid$/.exec(message)?.[1]
  if (choices === undefined || found === undefined)
    return { message: first.replace('. Expected', ', expected').replace(/\.$/, ''), hint: `see ${help}` }
  return { message: `${message}, expected one of ${choices}`, hint: suggest(found, choices.split(', ')) ?? `see ${help}` }
}

const examples = [
  '  millrace run examples/word-count/word-count.flow',
  '  millrace run pipeline.ts --param day=2026-01-01 --workers 4',
  '  millrace run long.flow --resume --memory 512MB',
  '  millrace run etl.flow --dead-letters bad.jsonl --max-errors 1000',
  `  millrace query -e "from csv('sales.csv') |> aggregate sum(amount) as total group by region |> order by total desc"`,
  `  millrace query -e "from csv('sales.csv') |> limit 5" --format jsonl`,
  '  millrace explain pipeline.flow',
  `  millrace explain -e "from csv('sales.csv') |> distinct" --costs off`,
  '  millrace explain pipeline.flow --analyze --workers 4',
  '  millrace runs',
  '  millrace runs show mi9k',
  '  millrace runs diff mi9k mi9m --format json',
  '  millrace check pipeline.flow',
  '  millrace check pipeline.ts --param day=2026-01-01 --format json',
  '  millrace simulate examples/word-count/word-count.flow --input-size 100GB',
  '  millrace simulate sort.flow --input-size 1TB --machines 1800 --svg sort.svg',
  '  millrace simulate sort.flow --input-size 1TB --machines 1800 --kill 200@280s --seeds 20',
]
const examplesOf = (command: string): string => examples.filter((each) => each.startsWith(`  millrace ${command} `)).join('\n')
