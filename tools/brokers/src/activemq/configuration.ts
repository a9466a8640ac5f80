import type { Ports } from '../broker.ts';

/** Users; `restricted` may use what is named `allowed` or `allowed.…` and nothing else. */
export const users = {
  full: { name: 'admin', password: 'admin' },
  restricted: { name: 'restricted', password: 'restricted' },
} as const;

/** The password of the key stores, which hold nothing that is secret. */
export const storePassword = 'intermodal';

/** What a message that was refused by its consumer meets. */
export type Refused = 'dead-letter' | 'redelivery';

/** What `activemq.xml` is made of. */
export interface ActivemqConfiguration {
  readonly ports: Ports;
  /** The folder of the message store; brokers on the same one are an active and its standbys. */
  readonly store: string;
  readonly tls: string;
  readonly refused: Refused;
}

/** Connectors by the name of their port; AMQP comes last, so that the others answer when it does. */
const connectors: Readonly<Record<string, (address: string) => string>> = {
  openwire: (address) => `tcp://${address}`,
  openwireTls: (address) => `ssl://${address}?transport.wantClientAuth=true`,
  stomp: (address) => `stomp://${address}`,
  stompTls: (address) => `stomp+ssl://${address}?transport.wantClientAuth=true`,
  mqtt: (address) => `mqtt://${address}`,
  mqttTls: (address) => `mqtt+ssl://${address}?transport.wantClientAuth=true`,
  ws: (address) => `ws://${address}`,
  wss: (address) => `wss://${address}`,
  amqpTls: (address) => `amqp+ssl://${address}?transport.wantClientAuth=true`,
  amqp: (address) => `amqp://${address}`,
};

/** Names of the ports of one broker. */
export const portNames: readonly string[] = Object.keys(connectors);

/**
 * `activemq.xml`: dead letters in a queue for each queue, the scheduler on, virtual topics as the
 * broker has them by default (`VirtualTopic.>`, `Consumer.*.`), priorities in those below
 * `VirtualTopic.prioritized`.
 */
export function activemqXml(configuration: ActivemqConfiguration): string {
  const { ports, store, tls, refused } = configuration;
  const listeners = Object.entries(connectors).map(
    ([name, uri]) =>
      `<transportConnector name="${name}" uri="${uri(`127.0.0.1:${ports[name]}`)}"/>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<beans xmlns="http://www.springframework.org/schema/beans" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xsi:schemaLocation="http://www.springframework.org/schema/beans http://www.springframework.org/schema/beans/spring-beans.xsd
  http://activemq.apache.org/schema/core http://activemq.apache.org/schema/core/activemq-core.xsd">
  <broker xmlns="http://activemq.apache.org/schema/core" brokerName="broker" useJmx="false"
    schedulerSupport="true" dataDirectory="${store}">
    <destinationPolicy>
      <policyMap>
        <policyEntries>
          <policyEntry queue=">">
            ${deadLetters}
          </policyEntry>
          <policyEntry queue="Consumer.*.VirtualTopic.prioritized.>" prioritizedMessages="true">
            ${deadLetters}
          </policyEntry>
        </policyEntries>
      </policyMap>
    </destinationPolicy>
    <persistenceAdapter>
      <kahaDB directory="${store}/kahadb" journalMaxFileLength="16mb">
        <locker><shared-file-locker lockAcquireSleepInterval="250"/></locker>
      </kahaDB>
    </persistenceAdapter>
    <plugins>
      ${access()}
      ${refused === 'redelivery' ? redelivery : ''}
    </plugins>
    <sslContext>
      <sslContext keyStore="file:${tls}/server.p12" keyStoreType="PKCS12" keyStorePassword="${storePassword}"
        trustStore="file:${tls}/trust.p12" trustStoreType="PKCS12" trustStorePassword="${storePassword}"/>
    </sslContext>
    <systemUsage>
      <systemUsage>
        <memoryUsage><memoryUsage limit="64mb"/></memoryUsage>
        <storeUsage><storeUsage limit="1gb"/></storeUsage>
        <tempUsage><tempUsage limit="256mb"/></tempUsage>
      </systemUsage>
    </systemUsage>
    <transportConnectors>
      ${listeners.join('\n      ')}
    </transportConnectors>
  </broker>
</beans>
`;
}

const deadLetters = `<deadLetterStrategy>
              <individualDeadLetterStrategy queuePrefix="DLQ." useQueueForQueueMessages="true"/>
            </deadLetterStrategy>`;

// Delays under a second are refused by the broker.
const redelivery = `<redeliveryPlugin fallbackToDeadLetter="true" sendToDlqIfMaxRetriesExceeded="true">
        <redeliveryPolicyMap>
          <redeliveryPolicyMap>
            <defaultEntry>
              <redeliveryPolicy maximumRedeliveries="3" initialRedeliveryDelay="1000" redeliveryDelay="1000"/>
            </defaultEntry>
          </redeliveryPolicyMap>
        </redeliveryPolicyMap>
      </redeliveryPlugin>`;

function access(): string {
  const user = ({ name, password }: { name: string; password: string }, groups: string): string =>
    `<authenticationUser username="${name}" password="${password}" groups="${groups}"/>`;
  const entry = (destination: string, groups: string): string =>
    `<authorizationEntry ${destination} read="${groups}" write="${groups}" admin="${groups}"/>`;
  const everyone = 'full,restricted';
  return `<simpleAuthenticationPlugin>
        <users>
          ${user(users.full, 'full')}
          ${user(users.restricted, 'restricted')}
        </users>
      </simpleAuthenticationPlugin>
      <authorizationPlugin>
        <map>
          <authorizationMap>
            <authorizationEntries>
              ${entry('queue=">"', 'full')}
              ${entry('topic=">"', 'full')}
              ${entry('queue="allowed.>"', everyone)}
              ${entry('topic="allowed.>"', everyone)}
              ${entry('topic="ActiveMQ.Advisory.>"', everyone)}
            </authorizationEntries>
            <tempDestinationAuthorizationEntry>
              <tempDestinationAuthorizationEntry read="${everyone}" write="${everyone}" admin="${everyone}"/>
            </tempDestinationAuthorizationEntry>
          </authorizationMap>
        </map>
      </authorizationPlugin>`;
}

/** Everything to the console, which is the broker's log. */
export const log4jProperties = `rootLogger.level = INFO
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %-5p %m%n%ex
`;
