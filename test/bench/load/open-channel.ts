/** Opens a connection of the load generator in the protocol that was asked for. */

import { type Channel, type ChannelObserver, type ChannelOptions, openWire } from "./channel.ts";
import { Http1Wire } from "./http1.ts";
import { Http2Wire } from "./http2.ts";
import { TcpWire } from "./tcp.ts";

const WIRES = { http1: Http1Wire, http2: Http2Wire, tcp: TcpWire } as const;

/** Connects; the observer hears of it when it can be used. */
export function openChannel(options: ChannelOptions, observer: ChannelObserver): Channel {
  let channel: Channel | undefined;
  openWire(
    options,
    (outlet) => {
      const wire = new WIRES[options.protocol](options, outlet, observer);
      channel = wire;
      return wire;
    },
    (opened) => {
      if (channel !== undefined) observer.onClosed(channel, opened);
    },
  );
  if (channel === undefined) throw new Error("Cannot open a connection: its protocol was not made");
  return channel;
}
