import { Command, CommanderError, Option } from 'commander'
import { suggest } from '../base/did-you-mean.ts'
import { usageError } from '../base/errors.ts'
import { checkCommand } from './check-command.ts'
import { guardAgainstCrashes } from './crash-guard.ts'
import { explainCommand } from './explain-command.ts'
import { collectParam, parseCount, parseMemory } from './option-values.ts'
import { queryCommand } from './query-command.ts'
import { reportError } from './report.ts'
import { runCommand } from './run-command.ts'
import { guardStandardStreams } from './standard-output.ts'

/** The command line. Exit codes: 0 ok, 1 run failed, 2 usage or check errors, 3 bad data, 4 source or sink, 5 resources, 70 bug, 130 and 143 signals. */
export async function main(argv: readonly string[], version: string): Promise<void> {
  guardStandardStreams()
  const { commandEnded } = guardAgainstCrashes()
  const program = new Command('millrace')
    .description('Dataflow pipelines for TypeScript: from .flow text or code, planned, explained, run.')
    .version(version, '-V, --version')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .addHelpText('after', examples)
  const file = '<file>'
  const fileHelp = 'a .flow file, or a TypeScript module with a pipeline'

  planOptions(program.command('run').description('run a program').argument(file, fileHelp))
    .addOption(formatOption())
    .option('--output <name>', 'which of several outputs to print, by name or number from 1')
    .option('--resume', 'go on with the interrupted run of this program and these parameters, if there is one; means serial mode')
    .option('--incremental', 'run by epochs of changes and emit changes only (with --once)')
    .option('--once', 'end after the last epoch of the input')
    .option('--sorted', 'put rows without a defined order in the order of all columns')
    .option('--rows <n>', 'rows shown of a table', parseCount('--rows', 0), 20)
    .option('--quiet', 'no progress and no summary')
    .action(runCommand)
  planOptions(program.command('explain').description('show the plan, and the reason for every decision').argument(file, fileHelp))
    .addOption(new Option('--format <format>', 'how the answer is printed').choices(['text', 'json']).default('text'))
    .addOption(new Option('--costs <state>', 'show estimates').choices(['on', 'off']).default('on'))
    .option('--incremental', 'plan for epochs of changes')
    .action(explainCommand)
  planOptions(
    program.command('check').description('check a program: names, types and files, without running it').argument(file, fileHelp),
  )
    .addOption(new Option('--format <format>', 'how the answer is printed').choices(['text', 'json']).default('text'))
    .action(checkCommand)
  planOptions(
    program
      .command('query')
      .description('run a query and print its rows')
      .argument('[file]', 'a .flow file; without it and without -e, standard input'),
  )
    .option('-e, --expression <text>', 'the query')
    .option('--tables <file>', 'JSON file with tables that the query may name')
    .addOption(formatOption())
    .option('--output <name>', 'which of several outputs to print, by name or number from 1; default the last')
    .option('--sorted', 'put rows without a defined order in the order of all columns')
    .option('--rows <n>', 'rows shown of a table', parseCount('--rows', 0), 20)
    .option('--quiet', 'no progress and no summary')
    .action(queryCommand)
  for (const command of program.commands) command.exitOverride().configureOutput({ outputError: () => {} })

  try {
    if (argv.length <= 2) program.help({ error: true })
    await program.parseAsync(argv)
  } catch (thrown) {
    if (thrown instanceof CommanderError) return commanderEnd(thrown, helpCommand(program, argv))
    reportError(thrown, {})
  } finally {
    commandEnded()
  }
}

/** The options that decide what the plan is. */
function planOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--param <name=value>', 'value of a parameter; may be given several times')
        .argParser(collectParam)
        .default(new Map(), 'none'),
    )
    .addOption(new Option('--backend <name>', 'where to run').choices(['auto', 'inline', 'threads']).default('auto'))
    .option('--workers <n>', 'number of worker threads', parseCount('--workers', 1))
    .addOption(
      new Option('--mode <mode>', 'stage by stage, or all stages of a region together')
        .choices(['auto', 'serial', 'pipelined'])
        .default('auto'),
    )
    .option('--memory <size>', 'memory budget, as 512MB or 2GB; default half of the machine', parseMemory)
    .option('--cwd <folder>', 'folder that data paths start from')
    .addOption(
      new Option('--disable-rule <name>', 'plan without this rule; may be given several times')
        .argParser((name, names: readonly string[]) => [...names, name])
        .default([], 'none'),
    )
    .option('--check-plans', 'validate the plan after each rule')
}

const formatOption = (): Option =>
  new Option('--format <format>', 'how rows are printed').choices(['table', 'csv', 'json', 'jsonl']).default('table')

/** What shows the help that a mistake calls for: that of the command, where one was given. */
function helpCommand(program: Command, argv: readonly string[]): string {
  const command = program.commands.find((each) => each.name() === argv[2])
  return command === undefined ? 'millrace --help' : `millrace ${command.name()} --help`
}

function commanderEnd(error: CommanderError, help: string): void {
  if (error.exitCode === 0) return
  if (error.code === 'commander.help') {
    process.exitCode = 2
    return
  }
  const { message, hint } = inHouseStyle(error.message, help)
  reportError(usageError('USAGE_ARGUMENT', message, { hint }), {})
}

/** Commander speaks in several sentences with capitals; ours are one message and one hint. */
function inHouseStyle(text: string, help: string): { message: string; hint: string } {
  const [first, suggestion] = text.replace(/^error: /, '').split('\n')
  const [message, details] = first.replace(/\.$/, '').split('. ')
  const near = /^\(Did you mean (?:one of )?(.*)\?\)$/.exec(suggestion ?? '')
  if (near !== null) return { message, hint: `did you mean '${near[1]}'?` }
  const choices = /^Allowed choices are (.*)$/.exec(details ?? '')?.[1]
  const found = /argument '(.*)' is invalid$/.exec(message)?.[1]
  if (choices === undefined || found === undefined)
    return { message: first.replace('. Expected', ', expected').replace(/\.$/, ''), hint: `see ${help}` }
  return { message: `${message}, expected one of ${choices}`, hint: suggest(found, choices.split(', ')) ?? `see ${help}` }
}

const examples = `
Examples:
  millrace run examples/word-count/word-count.flow
  millrace run pipeline.ts --param day=2026-01-01 --workers 4
  millrace query -e "from csv('sales.csv') |> aggregate sum(amount) as total group by region |> order by total desc"
  millrace explain pipeline.flow
  millrace check pipeline.flow`
