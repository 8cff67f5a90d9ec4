// What `--help` says.
import { rules } from '#shared/api/moderation.ts'

export const help = `Waystone, for operators

  npm run waystone -- <command> [options]

  player show <who>                        account, ban, and where the characters are
  player kick <who> --reason "..."         saves and removes the player, who may come back at once
  player ban <who> --reason "..." [--for 3d]   without --for for good
  player unban <who> --reason "..."
  player export <who> --reason "..."       all that is kept of the player, as JSON
  player erase <who> --reason "..." [--days N]   closed after N days, 30 without --days,
                                           unless the player logs in before
  erasures list                            accounts that wait for that
  erasures run --reason "..."              closes and erases those whose time has come
  character rename <character> --name "..." --reason "..." [--realm id]
  character restore <character> --reason "..." [--realm id]   one that was deleted
  operator grant <login name> --reason "..." [--role support|moderator|operator]
                                           from the next log-in on
  operator revoke <login name> --reason "..."  takes any role, at once
  fleet list                               zone hosts, leases, instances, players
  fleet stop <host> --reason "..."         saves everybody there; the fleet replaces it
  instances list [--zone id] [--realm id]  where they run, who may come in, how full they are
  instances show <instance>                and who is in it
  instances open --zone id --reason "..."  one more host of a zone, before players need it
  instances close <instance> --reason "..."    its players go to another one of the zone, or
                                           outside; the others of its host go on
  player move <who> --reason "..." [--to <instance> | --beside <who>]
                                           to another instance of the zone, to that one, or
                                           to where another player is; no client is lost
  queue list [--realm id]                  who waits, since when, and whether it is matched
  queue tickets <queue> [--realm id]       those that wait, the oldest first
  queue show <who> [--realm id]            ticket, why it waits, match, penalty
  queue cancel <queue> <ticket> --reason "..."   its players are told
  queue forgive <who> --reason "..."       lifts the penalty of who declined a match
  queue close <queue> --for 1h --text "..." --reason "..."
                                           nobody queues; who waits is out, and told the text
  queue open <queue> --reason "..."        opens it now
  announce "text" --reason "..." [--zone id] [--realm id]
                                           a line for everybody in the world, now
  announce "text" --for 2h [--in 10m] [--countdown] --reason "..." [--zone id] [--realm id]
                                           kept: shown to all who come in that time
  announcement withdraw <id> --reason "..." [--realm id]
  maintenance start --for 1h [--in 10m] [--text "..."] [--role support|moderator|operator]
                    --reason "..." [--realm id]
                                           closes the realm below that role, after a countdown
  maintenance extend --for 30m --reason "..." [--realm id]
  maintenance end --reason "..." [--realm id]      opens it now
  maintenance show [--realm id]
  mail send <character> --subject "..." --text "..." --reason "..." [--realm id]
                                           a letter from the game
  mail all --subject "..." --text "..." --reason "..." [--days N] [--realm id]
                                           one to all characters of the realm, for 30 days
  mail withdraw <letter> --reason "..." [--realm id]   takes a letter to all back
  mute <who> --for 24h --rule <rule> --reason "..." [--realm id]
                                           no text of the player reaches others
  unmute <who> --reason "..." [--realm id]
  moderation list [--closed] [--realm id]  what players report, the oldest first
  moderation show <report> [--realm id]    with a copy of what was reported, and the history
  moderation decide <report> dismiss|remove|warn|mute|ban [--for 24h] [--rule <rule>] --reason "..."
  moderation appeals [--closed] [--realm id]
  moderation appeal <sanction> uphold|lift --reason "..." [--realm id]
                                           <rule>: ${rules.join(', ')}
  leaderboard submit <board> <character> --score N --reason "..." [--realm id]
  leaderboard remove <board> <character or id> --reason "..." [--season N]
  leaderboard archive <board> --reason "..."   ends the season and keeps it
  leaderboard reset <board> --reason "..."     ends the season and keeps nothing
  leaderboard rebuild <board> --reason "..." [--season N]   makes the copy in Redis anew
  audit [--limit N]                        what operators did, newest first

  <who>   account:ID, character:ID, login:NAME, character:NAME (as it is spelled), or an
          ID alone. \`player show\` also takes a NAME alone. A command that changes
          something first prints the account that is meant, then acts on that account

  <instance>   as \`instances list\` shows it: HOST/INSTANCE; its last part alone when only one
          is called so

  times are like 90s, 30m, 12h, 3d

  --json       the answer as JSON, for programs (with \`npm run -s\`)
  --url URL    another Waystone than the one on this machine; it takes an operator's
               token from WAYSTONE_OPERATOR_TOKEN

  --tables PREFIX   for operator grant and revoke: writes to the tables on AWS
               (waystone-<realm>-) with your AWS credentials

  new-game <folder>                        a game of your own, beside this folder
  start, dev, check, test, bundle, image, synth, deploy, destroy
                                           in the folder of a game: with that game

On this machine no password is needed: a user who can read the master key in the
data folder is an operator. WAYSTONE_DATA names the folder, as for \`npm start\`.
`
