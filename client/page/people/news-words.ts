// What a notification says to its player.
import type { Notification } from '#shared/notifications/notification.ts'

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
    case 'party.kicked':
      return `${news.name} has removed you from the party.`
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
  }
}
