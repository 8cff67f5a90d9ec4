// What a notification says to its player.
import type { AccountChange, Notification } from '#shared/notifications/notification.ts'

export function newsWords(news: Notification): string {
  switch (news.kind) {
    case 'friend.asked':
      return `${news.name} asks to be your friend. Answer under People.`
    case 'friend.accepted':
      return `You and ${news.name} are friends.`
    case 'mail.arrived':
      return `A letter from ${news.name ?? 'the game'} has come.`
    case 'party.invited':
      return `${news.name} invites you into a party. Answer under People.`
    case 'instance.opened':
      return `${news.name}: a place is open for you. Go there under People, Places.`
    case 'queue.ended':
      return news.text === undefined
        ? `You were taken out of the queue for ${news.title}.`
        : `The queue for ${news.title} is closed: ${news.text}`
    case 'party.kicked':
      return `${news.name} has removed you from the party.`
    case 'queue.left':
      return `You do not wait any more: ${news.name} has left the queue or the party.`
    case 'guild.invited':
      return `${news.name} invites you to the guild ${news.guild}.`
    case 'guild.applied':
      return `${news.name} applies to your guild ${news.guild}.`
    case 'guild.joined':
      return `${news.name} has joined ${news.guild}.`
    case 'guild.accepted':
      return `You are a member of ${news.guild}.`
    case 'guild.kicked':
      return `${news.name} has kicked you out of ${news.guild}.`
    case 'guild.ranked':
      return `Your rank in ${news.guild} is ${news.rank}.`
    case 'guild.led':
      return `You lead ${news.guild} now.`
    case 'guild.disbanded':
      return `${news.name} has disbanded ${news.guild}.`
    case 'report.decided':
      return news.acted
        ? `Your report about ${news.name} was looked at, and something was done. Thank you.`
        : `Your report about ${news.name} was looked at. No rule was broken. Thank you.`
    case 'sanction.given':
      return `${sanctionWords(news.sanction, news.until)} See People, Rules for why, and to appeal.`
    case 'sanction.lifted':
      return 'A sanction of yours is lifted.'
    case 'appeal.upheld':
      return 'Your appeal was looked at. The sanction stands.'
    case 'account.changed':
      return `${changeWords[news.what]} If that was not you, change your password.`
  }
}

/** `until`: Unix ms. */
export function sanctionWords(kind: 'warning' | 'mute' | 'ban', until: number | undefined): string {
  // oxlint-disable-next-line no-restricted-globals -- written as a date, not asked for the time
  const end = until === undefined ? '' : ` until ${new Date(until).toLocaleString()}`
  switch (kind) {
    case 'warning':
      return 'You were given a warning by a moderator.'
    case 'mute':
      return `You are muted${end}: nobody reads what you write.`
    case 'ban':
      return `You are banned${end}.`
  }
}

const changeWords: Record<AccountChange, string> = {
  loginName: 'Your account has a log-in name.',
  password: 'Your password was changed.',
  recovered: 'Your password was replaced by a link from an e-mail.',
  email: 'Your e-mail address was verified.',
  secondFactorOn: 'Your second factor is on.',
  secondFactorOff: 'Your second factor is off.',
  identityLinked: 'A way to sign in was linked to your account.',
  identityUnlinked: 'A way to sign in was unlinked from your account.',
}
