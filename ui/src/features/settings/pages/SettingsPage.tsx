import { useQuery } from "@tanstack/react-query";

import { PageHeader } from "@/shared/parts/PageHeader";
import { Facts, Section } from "@/shared/parts/Section";
import { Loading, LoadError } from "@/shared/parts/states";
import { authStatusQuery } from "@/shared/session";
import { settingsQuery } from "@/shared/settings";
import { urls } from "@/shared/urls";

import { EndpointAuthSection } from "../parts/EndpointAuthSection";
import { LoginSecuritySection } from "../parts/LoginSecuritySection";
import { PublicEndpointsSection } from "../parts/PublicEndpointsSection";

export default function SettingsPage() {
  const settings = useQuery(settingsQuery);
  if (settings.isError && !settings.data) {
    return <LoadError what="the settings" error={settings.error} onRetry={() => void settings.refetch()} />;
  }
  if (!settings.data) return <Loading />;
  const { publicEndpoints, loginSecurity, endpointAuth } = settings.data;
  return (
    <div style={{ maxWidth: 860 }}>
      <PageHeader title="Settings" lead="What holds for the whole instance." />
      <PublicEndpointsSection endpoints={publicEndpoints} />
      <LoginSecuritySection security={loginSecurity} />
      {endpointAuth && <EndpointAuthSection auth={endpointAuth} />}
      <InstanceSection />
    </div>
  );
}

function InstanceSection() {
  const status = useQuery(authStatusQuery);
  return (
    <Section title="This instance">
      <Facts
        facts={[
          ["Version", status.data?.version ?? "…"],
          ["Address", location.origin],
          ["API reference", <a href={urls.apiReference} target="_blank" rel="noreferrer">{urls.apiReference}</a>],
          ["Health", <a href="/health/ready" target="_blank" rel="noreferrer">/health/ready</a>],
        ]}
      />
    </Section>
  );
}
