import { m } from "../messages";
import { ButtonLink } from "../ui/Button";
import { useTitle } from "../ui/Page";
import { Empty } from "../ui/States";

export function NotFoundPage() {
  useTitle(m.errors.notFoundTitle);
  return (
    <Empty icon="search" title={m.errors.notFoundTitle} text={m.errors.notFoundText}>
      <ButtonLink look="primary" to="/">
        {m.errors.home}
      </ButtonLink>
    </Empty>
  );
}
