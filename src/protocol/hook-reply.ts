// The header by which a hook says that nobody reads the reply to it: `none`. A message is not put into such a reply.

export const replyHeader = 'x-paid-reply'
